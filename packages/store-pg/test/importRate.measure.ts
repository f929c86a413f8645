import { expect, it } from "vitest"
import {
  type BareKey,
  describeRate,
  importedRows,
  leastRatio,
  measureImportRate,
  mostHeap
} from "../../../scripts/importRate.js"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

const keyColumns = `id, organization_id, project_id, product_id, name, hint, scopes, rate_limits, metadata, expires_at,
  revoked_at, revoked_reason, use_count, last_used_at, created_at, updated_at`

const placeholders = (rows: number, columns: number): string =>
  Array.from(
    { length: rows },
    (_, row) => `(${Array.from({ length: columns }, (_, column) => `$${row * columns + column + 1}`).join(", ")})`
  ).join(", ")

const toKey = (key: BareKey) => {
  const at = key.createdAt.toISOString()
  const owners = [key.id, key.organizationId, null, null, key.name, "…"]
  return [...owners, key.scopes, key.rateLimits, key.metadata, null, null, null, 0, null, at, at]
}

const { url } = await testDatabase("pg")

it("imports at a rate of the order of bare inserts, in bounded memory", async () => {
  const rate = await withConnection(url, (query) =>
    measureImportRate({
      store: PgStore.layer({ url, timeout: "20 seconds" }),
      insertBare: async (keys) => {
        await query("begin")
        await query(
          `insert into apikeys_keys (${keyColumns}) values ${placeholders(keys.length, 16)}`,
          keys.flatMap(toKey)
        )
        await query(
          `insert into apikeys_digests (digest, key_id, secret_id, created_at) values ${placeholders(keys.length, 4)}`,
          keys.flatMap((key) => [key.digest, key.id, "0", key.createdAt.toISOString()])
        )
        await query("commit")
      },
      rows: importedRows,
      rounds: 3
    })
  )
  process.stdout.write(`${describeRate("PostgreSQL", rate)}\n`)
  expect(rate.ratio).toBeGreaterThan(leastRatio)
  expect(rate.heap).toBeLessThan(mostHeap)
}, 3_600_000)
