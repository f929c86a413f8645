import express from "express"
import express4 from "express4"
import { runTable } from "../../http/test/table/runTable.js"
import { serveWith } from "./serve.js"

runTable("Express 5", serveWith(express))
runTable("Express 4", serveWith(express4))
