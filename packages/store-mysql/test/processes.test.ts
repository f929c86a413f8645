import { KeyStore, type RateLimit, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, uniqueName } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"
import { run, startProcesses } from "./processes/process.js"

const count = 4
const fibers = 200
const callsPerFiber = 5

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 1000, window: 1e9, burst: null }

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { url } = await testDatabase(service)

  describe(`four processes on ${title}`, () => {
    it.scopedLive(
      "admit what the limit says and not one more, count every use, make one row, and meet no error",
      () =>
        Effect.gen(function* () {
          const processes = yield* startProcesses(count)
          const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
          const organizationName = uniqueName()
          const input = { url, keyId: key.id, limit, organizationName, fibers, callsPerFiber }
          const results = yield* Effect.forEach(processes, (process) => run(process, "load", input), {
            concurrency: "unbounded"
          })
          const errors = results.flatMap((result) => result.errors)
          assert.deepStrictEqual(errors, [])
          assert.strictEqual(sum(results.map(({ admitted }) => admitted)), limit.requests)
          const found = Option.getOrThrow(yield* Effect.flatMap(KeyStore, (keys) => keys.find(key.id)))
          assert.strictEqual(found.useCount, count * fibers * callsPerFiber)

          assert.strictEqual(sum(results.map(({ inserted }) => inserted)), 1)
          const tenants = yield* TenantStore
          const organizations = yield* tenants.listOrganizations({ after: null, take: 10 })
          const named = organizations.filter(({ name }) => name === organizationName)
          assert.deepStrictEqual(
            [...new Set(results.flatMap(({ holders }) => holders))],
            named.map(({ id }) => id as string)
          )
          assert.strictEqual(named.length, 1)
        }).pipe(Effect.provide(MysqlStore.layer({ url, timeout: "20 seconds" }))),
      300_000
    )
  })
}
