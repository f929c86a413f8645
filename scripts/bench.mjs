import { prepare, runNode } from "./workspace.mjs"

await prepare({ only: "apikeys-benchmarks" })
console.log()
runNode(["benchmarks/dist/main.js", ...process.argv.slice(2)])
