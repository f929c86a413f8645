import { runTable } from "../../http/test/table/runTable.js"
import { serve } from "./serve.js"

runTable("Fastify", serve)
