import { runReadme } from "../../http/test/table/runReadme.js"

runReadme("fastify")
