import express from "express"
import { runUnderLoad } from "../../http/test/table/runUnderLoad.js"
import { serveWith } from "./serve.js"

runUnderLoad("Express 5", serveWith(express))
