import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { propagationSuite } from "../../store-sql/test/suites/propagationSuite.js"
import { SqliteStore } from "../src/index.js"

const folder = mkdtempSync(join(tmpdir(), "apikeys-sqlite-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const filename = join(folder, "test.db")

propagationSuite(
  "SQLite",
  filename,
  SqliteStore.layer({ filename, timeout: "10 seconds" }),
  new URL("processes/changer.ts", import.meta.url)
)
