#!/usr/bin/env node
import { runAsProcess } from "@apikeys/store-sql"
import { pgMigrateCommand } from "./PgMigrateCommand.js"

await runAsProcess(pgMigrateCommand)
