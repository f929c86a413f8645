import { fileURLToPath } from "node:url"
import { runApi } from "./runApi.js"

runApi("express-api", fileURLToPath(new URL("../dist", import.meta.url)))
