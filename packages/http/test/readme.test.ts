import { runReadme } from "./table/runReadme.js"

runReadme("http")
runReadme("http", { document: "RECIPES.md" })
