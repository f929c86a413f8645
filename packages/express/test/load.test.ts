import express from "express"
import express4 from "express4"
import { runUnderLoad } from "../../http/test/table/runUnderLoad.js"
import { serveWith } from "./serve.js"

runUnderLoad("Express 5", serveWith(express))
runUnderLoad("Express 4", serveWith(express4))
