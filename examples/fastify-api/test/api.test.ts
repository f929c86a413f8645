import { fileURLToPath } from "node:url"
import { runApi } from "../../express-api/test/runApi.js"

runApi("fastify-api", fileURLToPath(new URL("../dist", import.meta.url)))
