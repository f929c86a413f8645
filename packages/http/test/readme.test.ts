import { runReadme } from "./table/runReadme.js"

runReadme("http")
