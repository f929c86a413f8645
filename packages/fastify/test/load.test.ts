import { runUnderLoad } from "../../http/test/table/runUnderLoad.js"
import { serve } from "./serve.js"

runUnderLoad("Fastify", serve)
