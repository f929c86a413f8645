#!/usr/bin/env node
import { runAsProcess } from "@apikeys/store-sql"
import { sqliteMigrateCommand } from "./SqliteMigrateCommand.js"

await runAsProcess(sqliteMigrateCommand)
