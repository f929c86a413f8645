import { prepare, runNode } from "./workspace.mjs"

await prepare({ only: "@apikeys-examples/basic-flow" })
console.log()
runNode(["examples/basic-flow/dist/main.js", ...process.argv.slice(2)])
