import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import { expect, it, onTestFinished } from "vitest"
import {
  type BareKey,
  describeRate,
  type InsertBare,
  importedRows,
  leastRatio,
  measureImportRate,
  mostHeap
} from "../../../scripts/importRate.js"
import { SqliteStore } from "../src/index.js"

const keyColumns = `id, organization_id, project_id, product_id, name, hint, scopes, rate_limits, metadata, expires_at,
  revoked_at, revoked_reason, use_count, last_used_at, created_at, updated_at`

const bareInserts = (filename: string): InsertBare => {
  const database = new Database(filename)
  database.pragma("foreign_keys = ON")
  database.pragma("synchronous = FULL")
  const statements = (rows: number) => {
    const values = (columns: number) =>
      Array(rows)
        .fill(`(${Array(columns).fill("?").join(", ")})`)
        .join(", ")
    return {
      keys: database.prepare(`insert into apikeys_keys (${keyColumns}) values ${values(16)}`),
      digests: database.prepare(
        `insert into apikeys_digests (digest, key_id, secret_id, created_at) values ${values(4)}`
      )
    }
  }
  const prepared = new Map<number, ReturnType<typeof statements>>()
  const toKey = (key: BareKey) => {
    const at = key.createdAt.getTime()
    const owners = [key.id, key.organizationId, null, null, key.name, "…"]
    return [...owners, key.scopes, key.rateLimits, key.metadata, null, null, null, 0, null, at, at]
  }
  return (keys) => {
    const inserts = prepared.get(keys.length) ?? statements(keys.length)
    prepared.set(keys.length, inserts)
    database.transaction(() => {
      inserts.keys.run(keys.flatMap(toKey))
      inserts.digests.run(keys.flatMap((key) => [key.digest, key.id, "0", key.createdAt.getTime()]))
    })()
  }
}

it("imports at a rate of the order of bare inserts, in bounded memory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-import-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const filename = join(folder, "test.db")
  let insert: InsertBare | undefined
  const rate = await measureImportRate({
    store: SqliteStore.layer({ filename, timeout: "20 seconds" }),
    insertBare: (keys) => {
      insert ??= bareInserts(filename)
      return insert(keys)
    },
    rows: importedRows,
    rounds: 3
  })
  process.stdout.write(`${describeRate("SQLite", rate)}\n`)
  expect(rate.ratio).toBeGreaterThan(leastRatio)
  expect(rate.heap).toBeLessThan(mostHeap)
}, 3_600_000)
