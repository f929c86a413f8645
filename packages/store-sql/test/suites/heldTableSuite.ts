import { KeyChanges, KeyStore, type RateLimit, RateLimitStore, type StorePorts, TenantStore } from "@apikeys/core"
import { insertKey, insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { type Context, type Duration, Effect, Layer } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** A database on which others can hold tables. */
export interface HeldTableBackend extends SqlBackend {
  /** Holds tables, so that they can be neither read nor written, until what it gives is called. */
  readonly hold: (address: string, tables: ReadonlyArray<string>) => Promise<() => Promise<void>>
  /** How many connections of stores the server has just now, while one other holds tables. */
  readonly connections: (address: string) => Promise<number>
  /** A store over a client of the application. */
  readonly layerOverClient: (
    address: string,
    options: { readonly timeout: Duration.DurationInput; readonly maxConnections: number }
  ) => Layer.Layer<StorePorts, unknown>
}

const timeout = "1 second"
const maxConnections = 4

/** The one that listens for changes. */
const most = maxConnections + 1

const tables = ["apikeys_organizations", "apikeys_keys", "apikeys_changes", "apikeys_change_sequence"]

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 1000, window: 1e9, burst: null }

/** What applications do all the time, of which nothing can be answered now. */
const callsOf = (ports: Context.Context<StorePorts>) =>
  Effect.gen(function* () {
    const { id } = yield* insertOrganization()
    const { key } = yield* insertKey(id)
    const tenants = yield* TenantStore
    const keys = yield* KeyStore
    const limits = yield* RateLimitStore
    return [
      tenants.findOrganization(id),
      keys.find(key.id),
      tenants.listOrganizations({ after: null, take: 10 }),
      limits.charge([{ keyId: key.id, limits: [limit], cost: 1 }])
    ] as ReadonlyArray<Effect.Effect<unknown, unknown>>
  }).pipe(Effect.provide(ports))

/** What a server has of a client while somebody else holds tables. */
export const heldTableSuite = (backend: HeldTableBackend): void => {
  const { connections, emptyDatabase, hold, layer, layerOverClient, title } = backend
  const stores = [
    ["a store", (url: string) => layer(url, { timeout, maxConnections, migrate: false })],
    ["a store over a client of the application", (url: string) => layerOverClient(url, { timeout, maxConnections })]
  ] as const

  describe(`while tables of ${title} are held by somebody else`, () => {
    for (const [name, open] of stores) {
      it.scopedLive(
        `${name} has no more connections than its pool and one, whatever is given up`,
        () =>
          Effect.gen(function* () {
            const url = yield* emptyDatabase
            yield* Effect.provide(insertOrganization(), layer(url))
            const ports = yield* Layer.build(open(url) as Layer.Layer<StorePorts, unknown>)
            const { follow } = yield* Effect.provide(KeyChanges, ports)
            let confirmed = 0
            yield* follow(() => confirmed++)
            const calls = yield* callsOf(ports)
            yield* Effect.scoped(
              Effect.gen(function* () {
                yield* Effect.acquireRelease(
                  Effect.promise(() => hold(url, tables)),
                  (release) => Effect.promise(release)
                )
                const load = Effect.forEach(
                  [...calls, ...calls, ...calls],
                  (call) => Effect.forever(Effect.zipRight(Effect.ignore(call), Effect.sleep("20 millis"))),
                  { concurrency: "unbounded" }
                )
                yield* Effect.forkScoped(load)
                const seen: Array<number> = []
                for (let i = 0; i < 60; i++) {
                  seen.push(yield* Effect.promise(() => connections(url)))
                  yield* Effect.sleep("100 millis")
                }
                assert.isAbove(Math.max(...seen), 1)
                assert.isAtMost(Math.max(...seen), most, JSON.stringify(seen))
              })
            )
            confirmed = 0
            yield* Effect.retry(calls[0] as Effect.Effect<unknown, unknown>, { times: 20 })
            yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => confirmed > 2 })
          }),
        120_000
      )
    }
  })
}
