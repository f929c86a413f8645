import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { migrationSuite } from "./migrationSuite.js"
import { makeOldFile } from "./oldDatabase/OldDatabase.js"
import { tables } from "./oldDatabase/rows.js"

const folder = mkdtempSync(join(tmpdir(), "apikeys-migrate-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const from = { kind: "sqlite", filename: join(folder, "old.db") } as const
const both = { kind: "sqlite", filename: join(folder, "both.db") } as const
makeOldFile(from.filename, tables)
makeOldFile(both.filename, tables)

migrationSuite("from SQLite into another file", () => ({
  from,
  to: { kind: "sqlite", filename: join(folder, "new.db") }
}))
migrationSuite("from SQLite into the same file", () => ({ from: both, to: both }))
