import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { readDatabaseUrl } from "../src/databaseUrl.js"
import { migrationSuite } from "./migrationSuite.js"
import { makeOldFile, makeOldTables } from "./oldDatabase/OldDatabase.js"
import { tables } from "./oldDatabase/rows.js"

const folder = mkdtempSync(join(tmpdir(), "apikeys-migrate-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const { service, title } of selectedServices("pg", "mysql", "mariadb")) {
  const { url } = await testDatabase(service)
  await makeOldTables(url, tables)
  const place = readDatabaseUrl(url)
  migrationSuite(`from ${title} into the same database`, () => ({ from: place, to: place }))

  const { url: empty } = await testDatabase(service)
  const filename = join(folder, `${service}.db`)
  makeOldFile(filename, tables)
  migrationSuite(`from SQLite into ${title}`, () => ({
    from: { kind: "sqlite", filename },
    to: readDatabaseUrl(empty)
  }))
}
