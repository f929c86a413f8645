import { KeyStore, type RateLimit, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, uniqueName } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { testDatabase } from "../../../scripts/services/testing.js"
import { startProcesses } from "../../store-sql/test/processes/process.js"
import { PgStore } from "../src/index.js"
import type { PgJobs } from "./processes/worker.js"

const { url } = await testDatabase("pg")

const count = 4
const fibers = 200
const callsPerFiber = 5

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 1000, window: 1e9, burst: null }

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

describe("four processes on one database", () => {
  it.scopedLive(
    "admit what the limit says and not one more, count every use, and make one row of a name",
    () =>
      Effect.gen(function* () {
        const processes = yield* startProcesses<PgJobs>(new URL("processes/worker.ts", import.meta.url), count)
        const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
        const organizationName = uniqueName()
        const input = { url, keyId: key.id, limit, organizationName, fibers, callsPerFiber }
        const results = yield* Effect.forEach(processes, (process) => process.run("load", input), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          results.flatMap(({ errors }) => errors),
          []
        )
        assert.strictEqual(sum(results.map(({ admitted }) => admitted)), limit.requests)
        assert.strictEqual(sum(results.map(({ inserted }) => inserted)), 1)
        const keys = yield* KeyStore
        const { useCount } = Option.getOrThrow(yield* keys.find(key.id))
        assert.strictEqual(useCount, count * fibers * callsPerFiber)
        const tenants = yield* TenantStore
        const organizations = yield* tenants.listOrganizations({ after: null, take: 10 })
        assert.strictEqual(organizations.filter(({ name }) => name === organizationName).length, 1)
      }).pipe(Effect.provide(PgStore.layer({ url, timeout: "30 seconds" }))),
    300_000
  )
})
