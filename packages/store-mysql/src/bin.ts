#!/usr/bin/env node
import { runAsProcess } from "@apikeys/store-sql"
import { mysqlMigrateCommand } from "./MysqlMigrateCommand.js"

await runAsProcess(mysqlMigrateCommand)
