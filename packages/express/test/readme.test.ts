import { runReadme } from "../../http/test/table/runReadme.js"

runReadme("express")
runReadme("express", { instead: { of: "express", name: "express4", types: "test/express4.d.ts" } })
