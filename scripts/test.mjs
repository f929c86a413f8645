import { prepare, runNode } from "./workspace.mjs"

await prepare()
runNode(["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)])
