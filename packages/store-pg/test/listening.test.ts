import { type Confirmation, KeyChanges, type KeyId, KeyStore, type StorePorts } from "@apikeys/core"
import { fixtureTime, insertKey, insertOrganization, instant } from "@apikeys/core/testing"
import type { Database } from "@apikeys/store-sql"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Layer, Redacted, type Scope } from "effect"
import { startServer, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"
import { listen } from "../src/PgListener.js"
import { openOwnDatabase } from "../src/PgOpening.js"
import { changeChannel } from "../src/PgSchema.js"
import { openStore } from "./openStore.js"
import { startProxy } from "./proxy.js"

const { url } = await testDatabase("pg")

const timeout = "10 seconds"

/** Looks alone take 100 ms in the middle, whatever the machine; hearing takes about 5. */
const heardMillis = 60

const now = () => Number(process.hrtime.bigint()) / 1e6

type Ports = Context.Context<StorePorts>

const waitUntil = (holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.zipRight(Effect.sleep("2 millis"), waitUntil(holds))))

/** Follows a store, and notes when it hears what. */
const follow = (ports: Ports) =>
  Effect.gen(function* () {
    const { follow } = yield* Effect.provide(KeyChanges, ports)
    const confirmations: Array<Confirmation & { readonly arrived: number }> = []
    yield* follow((confirmation) => void confirmations.push({ ...confirmation, arrived: now() }))
    const toldOf = (id: KeyId) =>
      confirmations.find(({ changes }) => changes.some((change) => change._tag === "Key" && change.id === id))
    const since = (start: number) => confirmations.filter(({ arrived }) => arrived > start)
    return {
      confirmations,
      toldOf,
      since,
      /** The longest that nothing was confirmed. */
      longestSilence: (start: number) =>
        since(start).reduce(
          (longest, { arrived }, i, all) => Math.max(longest, arrived - (all[i - 1]?.arrived ?? start)),
          0
        )
    }
  })

/** Revokes a new key, and tells how long it took until that was told. */
const latencyOf = (
  ports: Ports,
  followed: { readonly toldOf: (id: KeyId) => { readonly arrived: number } | undefined }
) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const { id } = yield* insertOrganization()
    const { key } = yield* insertKey(id)
    yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: null })
    const done = now()
    yield* waitUntil(() => followed.toldOf(key.id) !== undefined)
    return (followed.toldOf(key.id)?.arrived ?? Number.NaN) - done
  }).pipe(Effect.provide(ports))

const median = (numbers: ReadonlyArray<number>) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

const openPorts = (own: string): Effect.Effect<Ports, unknown, Scope.Scope> =>
  Layer.build(PgStore.layer({ url: own, timeout }))

const listenersOf = (own: string) =>
  Effect.promise(() =>
    withConnection(own, (query) =>
      query(
        `select pid from pg_stat_activity where application_name = 'apikeys changes' and datname = current_database()`
      )
    )
  )

describe("a listener", () => {
  it.scopedLive(
    "hears of a change sooner than a look every 200 ms would find it",
    () =>
      Effect.gen(function* () {
        const [here, there] = [yield* openPorts(url), yield* openPorts(url)]
        const followed = yield* follow(there)
        yield* Effect.sleep("1 second")
        const latencies: Array<number> = []
        for (let i = 0; i < 21; i++) latencies.push(yield* latencyOf(here, followed))
        // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
        console.info(`heard after ${median(latencies).toFixed(1)} ms, at most ${Math.max(...latencies).toFixed(1)}`)
        assert.isBelow(median(latencies), heardMillis)
      }),
    60_000
  )

  it.scopedLive(
    "whose packets are lost is down soon, is polled for meanwhile, and is trusted again once it hears itself",
    () =>
      Effect.gen(function* () {
        const proxy = yield* startProxy(url)
        const [here, there] = [yield* openPorts(url), yield* openPorts(proxy.url)]
        const followed = yield* follow(there)
        yield* waitUntil(() => proxy.listeners() === 1)
        yield* Effect.sleep("1 second")
        const before = proxy.listeners()
        const start = now()
        yield* proxy.setLossy(true)
        const latencies: Array<number> = []
        while (now() - start < 5000) latencies.push(yield* latencyOf(here, followed))
        const silence = followed.longestSilence(start)
        // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
        console.info(
          `packets lost: told after at most ${Math.max(...latencies).toFixed(0)} ms, silent for ${silence.toFixed(0)}`
        )
        // Well below a second, on a machine that has nothing else to do.
        assert.isBelow(silence, 3000)
        assert.isFalse(followed.confirmations.some(({ missed }) => missed))
        assert.isAbove(proxy.listeners(), before)
        yield* proxy.setLossy(false)
        const heardAgain = Effect.map(
          Effect.replicateEffect(latencyOf(here, followed), 11),
          (again) => median(again) < heardMillis
        )
        yield* Effect.repeat(heardAgain, { until: (heard) => heard })
      }),
    120_000
  )

  it.scopedLive(
    "that is ended by the server is replaced, and nothing is missed",
    () =>
      Effect.gen(function* () {
        const [here, there] = [yield* openPorts(url), yield* openPorts(url)]
        const followed = yield* follow(there)
        const pids = Effect.map(listenersOf(url), (rows) => rows.map(({ pid }) => pid))
        const [before] = yield* Effect.repeat(pids, { until: (found) => found.length === 1 })
        yield* Effect.promise(() => withConnection(url, (query) => query(`select pg_terminate_backend(${before})`)))
        for (let i = 0; i < 5; i++) yield* latencyOf(here, followed)
        assert.isFalse(followed.confirmations.some(({ missed }) => missed))
        const [after] = yield* Effect.repeat(pids, { until: (found) => found.length === 1 && found[0] !== before })
        assert.notStrictEqual(after, before)
      }),
    60_000
  )

  it.scopedLive(
    "that does not hear what was said over another connection, as behind a pooler, is not trusted",
    () =>
      Effect.gen(function* () {
        const database = yield* openOwnDatabase({ url, timeout })
        const listener = (read: Database["read"]) =>
          listen({ config: { url: Redacted.make(url) }, channel: "'somewhere'", read })
        const trusted = yield* listener(database.read)
        const deaf = yield* listener((use) =>
          database.read((connection) =>
            // What is said goes elsewhere.
            use({ ...connection, execute: () => connection.execute("select 1", [], undefined) })
          )
        )
        yield* waitUntil(() => trusted.read() !== null)
        yield* Effect.sleep("2 seconds")
        assert.isNull(deaf.read())
      }),
    60_000
  )

  it.scopedLive(
    "looks at the log once in 20 ms at most, whatever anybody announces",
    () =>
      Effect.gen(function* () {
        const [here, there] = [yield* openPorts(url), yield* openPorts(url)]
        const followed = yield* follow(there)
        yield* latencyOf(here, followed)
        const flood = `select pg_notify(${changeChannel(null)}, 'anything ' || n) from generate_series(1, 20) n`
        const start = now()
        yield* Effect.promise(() =>
          withConnection(url, async (query) => {
            while (now() - start < 3000) await query(flood)
          })
        )
        const looks = followed.since(start).length
        // Some have waited for the machine, and then come one after the other.
        assert.isAtMost(looks, 1.2 * ((now() - start) / 20) + 10)
        yield* latencyOf(here, followed)
      }),
    60_000
  )

  it.scopedLive(
    "needs none of the pool's connections",
    () =>
      Effect.gen(function* () {
        const { database, ports } = yield* openStore({ url, timeout: 10_000, pool: { max: 2 } })
        const followed = yield* follow(ports)
        yield* Effect.sleep("1 second")
        const taken = database.read(() => Effect.sleep("3 seconds"))
        yield* Effect.fork(Effect.all([taken, taken], { concurrency: "unbounded" }))
        yield* Effect.sleep("500 millis")
        const start = now()
        yield* Effect.sleep("2 seconds")
        assert.isAbove(followed.since(start).length, 3)
      }),
    60_000
  )
})

describe("a store over a client of the application", () => {
  it.scopedLive(
    "follows as well",
    () =>
      Effect.gen(function* () {
        const client = PgClient.layer({ url: Redacted.make(url), maxConnections: 3 })
        const there = yield* Layer.build(Layer.provide(PgStore.layerFromClient({ timeout }), client))
        const here = yield* openPorts(url)
        const followed = yield* follow(there)
        for (let i = 0; i < 5; i++) yield* latencyOf(here, followed)
        assert.isFalse(followed.confirmations.some(({ missed }) => missed))
      }),
    60_000
  )
})

describe("a server", () => {
  const ownServer = Effect.acquireRelease(
    Effect.promise(() => startServer("pg")),
    (server) => Effect.promise(() => server.stop())
  )

  it.scopedLive(
    "that is away for seconds confirms nothing meanwhile, and tells what was changed when it is back",
    () =>
      Effect.gen(function* () {
        const server = yield* ownServer
        const [here, there] = [yield* openPorts(server.url), yield* openPorts(server.url)]
        const followed = yield* follow(there)
        yield* latencyOf(here, followed)
        for (const away of ["SIGSTOP", "SIGKILL"] as const) {
          yield* Effect.promise(() => server.kill(away))
          const start = now()
          yield* Effect.sleep("3 seconds")
          // What was answered before it went away may still come in.
          assert.isEmpty(followed.since(start + 500))
          yield* Effect.promise(() => (away === "SIGSTOP" ? server.kill("SIGCONT") : server.restart()))
          yield* Effect.retry(latencyOf(here, followed), { times: 100 })
          assert.isFalse(followed.confirmations.some(({ missed }) => missed))
        }
      }),
    120_000
  )
})
