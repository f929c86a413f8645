import { prepare, runNode } from "./workspace.mjs"

await prepare({ only: "apikeys-benchmarks" })
console.log()
runNode(["benchmarks/dist/imports/main.js", ...process.argv.slice(2)])
