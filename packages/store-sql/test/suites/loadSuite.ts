import { KeyStore, type RateLimit, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization, uniqueName } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { LoadInput, LoadResult } from "../processes/load.js"
import { startProcesses } from "../processes/process.js"
import type { SqlBackend } from "./SqlBackend.js"

type LoadJobs = { readonly load: (input: LoadInput) => Effect.Effect<LoadResult, unknown> }

const count = 4
const fibers = 200
const callsPerFiber = 5

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 1000, window: 1e9, burst: null }

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

/** What several processes do to one database at once. */
export const loadSuite = ({ emptyDatabase, layer, title, worker }: SqlBackend & { readonly worker: URL }): void => {
  describe(`four processes on ${title}`, () => {
    it.scopedLive(
      "admit what the limit says and not one more, count every use, make one row of a name, and meet no error",
      () =>
        Effect.gen(function* () {
          const processes = yield* startProcesses<LoadJobs>(worker, count)
          const url = yield* emptyDatabase
          yield* Effect.gen(function* () {
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
            const named = organizations.filter(({ name }) => name === organizationName)
            assert.strictEqual(named.length, 1)
            assert.deepStrictEqual(
              [...new Set(results.flatMap(({ holders }) => holders))],
              named.map(({ id }) => id as string)
            )
          }).pipe(Effect.provide(layer(url, { timeout: "30 seconds" })))
        }),
      300_000
    )
  })
}
