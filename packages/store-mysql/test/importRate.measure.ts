import { expect, it } from "vitest"
import {
  type BareKey,
  describeRate,
  importedRows,
  leastRatio,
  measureImportRate,
  mostHeap
} from "../../../scripts/importRate.js"
import { selectedServices, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"

const keyColumns = `id, organization_id, project_id, product_id, name, hint, scopes, rate_limits, metadata, expires_at,
  revoked_at, revoked_reason, use_count, last_used_at, created_at, updated_at`

const toId = (id: string): Buffer => Buffer.from(id.replaceAll("-", ""), "hex")

/** As text, which no zone of the connection changes. */
const toDate = (date: Date): string => date.toISOString().replace("T", " ").replace("Z", "")

const toKey = (key: BareKey) => {
  const owners = [toId(key.id), toId(key.organizationId), null, null, key.name, "…"]
  const history = [null, null, null, 0, null, toDate(key.createdAt), toDate(key.createdAt)]
  return [...owners, key.scopes, key.rateLimits, key.metadata, ...history]
}

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)

  it(`imports into ${title} at a rate of the order of bare inserts, in bounded memory`, async () => {
    const rate = await withConnection(url, (query) =>
      measureImportRate({
        store: MysqlStore.layer({ url, timeout: "20 seconds" }),
        insertBare: async (keys) => {
          await query("begin")
          await query(`insert into apikeys_keys (${keyColumns}) values ?`, [keys.map(toKey)])
          await query("insert into apikeys_digests (digest, key_id, secret_id, created_at) values ?", [
            keys.map((key) => [key.digest, toId(key.id), "0", toDate(key.createdAt)])
          ])
          await query("commit")
        },
        rows: importedRows,
        rounds: 3
      })
    )
    process.stdout.write(`${describeRate(title, rate)}\n`)
    expect(rate.ratio).toBeGreaterThan(leastRatio)
    expect(rate.heap).toBeLessThan(mostHeap)
  }, 3_600_000)
}
