import { type InvalidInputError, type RateLimit, type StoreError, type StorePorts, TenantStore } from "@apikeys/core"
import {
  insertKey,
  insertOrganization,
  limitsOfGoodKeys,
  makeOrganization,
  recordPatiently
} from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { type Context, DateTime, Effect, Fiber, Layer, Schedule, type Scope } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** A server of one's own. */
export interface OwnServer {
  readonly url: string
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

const timeout = 1000

/** What a busy machine may take on top. */
const slack = 4000

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 100_000, window: 1e9, burst: null }

interface Call {
  readonly error: StoreError | null
  readonly elapsed: number
}

const timed = <A, R>(effect: Effect.Effect<A, unknown, R>): Effect.Effect<Call, never, R> =>
  Effect.suspend(() => {
    const began = performance.now()
    const elapsed = () => performance.now() - began
    return Effect.match(effect, {
      onFailure: (error) => ({ error: error as StoreError, elapsed: elapsed() }),
      onSuccess: () => ({ error: null, elapsed: elapsed() })
    })
  })

const assertBounded = (calls: ReadonlyArray<Call>) => {
  for (const { elapsed, error } of calls) {
    assert.isBelow(elapsed, timeout + slack)
    if (error !== null) assert.deepInclude(error, { _tag: "StoreError", retryable: true }, JSON.stringify(error))
  }
}

/** What is seen of a server that dies or hangs, by a store that stays up. */
export const outageSuite = ({
  layer,
  query,
  startServer,
  title
}: SqlBackend & { readonly startServer: () => Promise<OwnServer> }): void => {
  const ownServer = Effect.acquireRelease(Effect.promise(startServer), (server) => Effect.promise(() => server.stop()))

  const openStore = (
    url: string,
    maxConnections: number
  ): Effect.Effect<Context.Context<StorePorts>, StoreError | InvalidInputError, Scope.Scope> =>
    Effect.zipRight(
      Effect.provide(insertOrganization(), layer(url)).pipe(Effect.orDie),
      Effect.retry(Layer.build(layer(url, { timeout, maxConnections, migrate: false })), { times: 5 })
    )

  describe(`a server of ${title}`, () => {
    it.scopedLive(
      "that is killed in the middle of a load fails calls at once, and serves again when it is back",
      () =>
        Effect.gen(function* () {
          const server = yield* ownServer
          const ports = yield* openStore(server.url, 8)
          const { key } = yield* Effect.provide(
            Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)),
            ports
          )
          const limits = yield* Effect.provide(limitsOfGoodKeys, ports)
          let over = false
          const charges: Array<Call> = []
          const writer = crypto.randomUUID()
          let number = 0
          const charge = Effect.flatMap(limits.charge([{ keyId: key.id, limits: [limit], cost: 1 }]), ([outcome]) =>
            outcome?.allowed === true ? Effect.void : Effect.dieMessage("refused")
          )
          /** Repeats a batch until it is known to be recorded, as who counts uses does. */
          const use = Effect.suspend(() => {
            const own = ++number
            return Effect.flatMap(DateTime.now, (lastUsedAt) =>
              recordPatiently({ writer, number: own, uses: [{ keyId: key.id, count: 1, lastUsedAt }] })
            ).pipe(Effect.provide(ports), Effect.retry(Schedule.spaced("50 millis")))
          })
          const loop = (step: Effect.Effect<unknown>) => Effect.repeat(step, { until: () => over })
          const pace = Effect.sleep("20 millis")
          const chargeOnce = Effect.map(timed(charge), (call) => charges.push(call))
          const load = yield* Effect.fork(
            Effect.all(
              [
                ...Array.from({ length: 8 }, () => loop(Effect.zipRight(chargeOnce, pace))),
                ...Array.from({ length: 4 }, () => loop(Effect.zipRight(Effect.orDie(use), pace)))
              ],
              { concurrency: "unbounded" }
            )
          )
          yield* Effect.sleep("1500 millis")
          yield* Effect.promise(() => server.kill("SIGKILL"))
          yield* Effect.sleep("500 millis")
          const down = yield* timed(charge)
          assert.isNotNull(down.error)
          yield* Effect.promise(() => server.restart())
          let tries = 0
          const counted = Effect.zipRight(
            Effect.sync(() => tries++),
            charge
          )
          yield* Effect.retry(counted, { times: 200 }).pipe(Effect.orDie)
          yield* Effect.sleep("1 second")
          over = true
          yield* Fiber.join(load)
          assertBounded([...charges, down])
          const admitted = charges.filter(({ error }) => error === null).length + 1
          assert.isAbove(admitted, 10)
          const [row] = yield* Effect.promise(() =>
            query(
              server.url,
              "select used, use_count from apikeys_rate_limits r join apikeys_keys k on k.id = r.key_id"
            )
          )
          // A call that failed may have cost a permit; none that was admitted cost nothing.
          const failed = charges.length - admitted + 1 + tries
          assert.isAtLeast(Number(row?.["used"]), admitted)
          assert.isAtMost(Number(row?.["used"]), admitted + failed)
          assert.strictEqual(Number(row?.["use_count"]), number)
        }),
      120_000
    )

    it.scopedLive(
      "that hangs fails calls in about the timeout, and serves again when it goes on",
      () =>
        Effect.gen(function* () {
          const server = yield* ownServer
          const ports = yield* openStore(server.url, 4)
          const tenants = yield* Effect.provide(TenantStore, ports)
          const insert = Effect.suspend(() => tenants.insertOrganization(makeOrganization()))
          const list = tenants.listOrganizations({ after: null, take: 1 })
          yield* insert
          yield* Effect.promise(() => server.kill("SIGSTOP"))
          // Before the connections are given up as dead, and after.
          for (const _ of [1, 2]) {
            const calls = yield* Effect.all(
              Array.from({ length: 20 }, (_, i) => timed(i % 2 === 0 ? insert : list)),
              { concurrency: "unbounded" }
            )
            assertBounded(calls)
            for (const { error } of calls) assert.isNotNull(error)
            yield* Effect.sleep("1 second")
          }
          yield* Effect.promise(() => server.kill("SIGCONT"))
          yield* Effect.retry(insert, { times: 30 })
          const calls = yield* Effect.all(
            Array.from({ length: 8 }, () => timed(insert)),
            { concurrency: 2 }
          )
          assert.deepStrictEqual(
            calls.map(({ error }) => error),
            calls.map(() => null)
          )
        }),
      120_000
    )
  })
}
