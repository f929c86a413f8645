import {
  ApiKeyClient,
  type ApiKeyClientOptions,
  type KeyId,
  QuotaError,
  RateLimitStore,
  RevokedKeyError,
  UsageStore
} from "@apikeys/core"
import { insertKey, insertOrganization, instant, makeRateLimit } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sleep } from "../processes/sleep.js"
import type { SqlBackend } from "./SqlBackend.js"

/** A transaction of somebody else's. */
export type Session = (run: (statement: string) => Promise<unknown>) => Promise<void>

/** A store over a server whose rows are locked one by one. */
export interface LockingBackend extends SqlBackend {
  readonly withSession: (address: string, session: Session) => Promise<void>
}

const limits = [makeRateLimit({ requests: 1000, window: 1_000_000_000 })]

/** More than a quick machine calls while a row is locked. */
const allowed = 1_000_000

/** How long a row is locked that nobody is to wait for, in milliseconds. */
const held = 2500

const modes: ReadonlyArray<Pick<ApiKeyClientOptions, "rateLimits" | "usage">> = [
  { rateLimits: "exact", usage: "off" },
  { rateLimits: "leased", usage: "deferred" },
  { rateLimits: "exact", usage: "durable" }
]

const named = ({ rateLimits, usage }: (typeof modes)[number]): string => `limits ${rateLimits}, uses ${usage}`

const p99 = (times: ReadonlyArray<number>): number =>
  [...times].sort((one, other) => one - other)[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN

/** What a row that another transaction has locked does to the calls of other keys: nothing. And to those of its own. */
export const lockedRowSuite = ({ emptyDatabase, layer, literal, query, title, withSession }: LockingBackend): void => {
  const lock = (id: string) => `select id from apikeys_keys where id = ${literal.id(id)} for update`

  /** Locks a row while something is done. */
  const whileLocked = (address: string, id: string, use: () => Promise<void>) =>
    withSession(address, async (run) => {
      await run("begin")
      await run(lock(id))
      await use()
      await run("commit")
    })

  const opened = (options: (typeof modes)[number], count: number) =>
    Effect.gen(function* () {
      const address = yield* emptyDatabase
      const open = (more: Partial<ApiKeyClientOptions> = {}) =>
        Effect.acquireRelease(
          Effect.promise(() =>
            ApiKeyClient.open({
              store: layer(address, { timeout: "10 seconds", maxConnections: 4 }),
              signingSecret: "0123456789abcdef0123456789abcdef",
              keyPrefix: "myapp",
              ...options,
              ...more
            })
          ),
          (client) => Effect.promise(() => client.close())
        )
      const client = yield* open()
      const keys = yield* Effect.promise(async () => {
        const { id: organizationId } = await client.createOrganization({ name: "Acme" })
        return Promise.all(
          Array.from({ length: count }, () =>
            client.createKey({ organizationId, rateLimits: [{ requests: allowed, window: 1_000_000_000 }] })
          )
        )
      })
      return { address, client, keys, other: yield* open({ cache: false }) }
    })

  describe(`a row of a key that is locked on ${title}`, () => {
    it.scopedLive("is left out of every batch, which is carried out for the others", () =>
      Effect.gen(function* () {
        const address = yield* emptyDatabase
        yield* Effect.gen(function* () {
          const store = yield* RateLimitStore
          const usage = yield* UsageStore
          const { id: organizationId } = yield* insertOrganization()
          const ids = yield* Effect.forEach([1, 2, 3], () => Effect.map(insertKey(organizationId), ({ key }) => key.id))
          const [one, locked, two] = ids as [KeyId, KeyId, KeyId]
          const uses = ids.map((keyId) => ({ keyId, count: 2, lastUsedAt: instant(1) }))
          const batch = { writer: "w", number: 1, uses }
          const tags = (answers: ReadonlyArray<object>) =>
            answers.map((answer) => ("_tag" in answer ? answer._tag : "charged"))
          const left = ["charged", "Locked", "charged"]
          const [leased] = yield* store.lease([{ keyId: locked, limits, cost: 1, ahead: 5, refund: null }])
          const lease = leased !== undefined && "lease" in leased ? leased.lease : null
          if (lease === null) return assert.fail("nothing was leased")
          const refund = { keyId: locked, limits, lease }
          const all = Effect.gen(function* () {
            assert.deepStrictEqual(tags(yield* store.charge(ids.map((keyId) => ({ keyId, limits, cost: 1 })))), left)
            const admissions = ids.map((keyId) => ({ keyId, limits, cost: 1, usedAt: instant(1) }))
            assert.deepStrictEqual(tags(yield* store.admit(admissions)), left)
            const unlimited = admissions.map((admission) => ({ ...admission, limits: [] }))
            assert.deepStrictEqual(tags(yield* store.admit(unlimited)), left)
            const leases = ids.map((keyId) => ({ keyId, limits, cost: 1, ahead: 0, refund: null }))
            assert.deepStrictEqual(tags(yield* store.lease(leases)), left)
            assert.deepStrictEqual(yield* store.refund([{ ...refund, keyId: one }, refund]), [refund])
            // Whoever repeats a batch is told the same of it.
            for (const _ of [1, 2]) {
              const { locked: leftOut, totals } = yield* usage.record(batch)
              assert.deepStrictEqual(leftOut, [locked])
              assert.deepStrictEqual([totals.get(one)?.useCount, totals.get(two)?.useCount], [4, 4])
            }
            // It can be looked at meanwhile.
            assert.deepStrictEqual(tags(yield* store.charge([{ keyId: locked, limits, cost: 0 }])), ["charged"])
          })
          const running = yield* Effect.runtime<never>()
          yield* Effect.promise(() =>
            whileLocked(address, locked, () => Effect.runPromise(Effect.provide(all, running)))
          )
          const { locked: leftOut } = yield* usage.record(batch)
          assert.deepStrictEqual(leftOut, [locked])
          const { locked: none, totals } = yield* usage.record({ ...batch, number: 2, uses: uses.slice(1, 2) })
          assert.deepStrictEqual([none, totals.get(locked)?.useCount], [[], 2])
          assert.deepStrictEqual(yield* store.refund([refund]), [])
          const [outcome] = yield* store.charge([{ keyId: locked, limits, cost: 1 }])
          assert.isTrue(outcome !== undefined && "limits" in outcome && outcome.limits[0]?.remaining === 998)
        }).pipe(Effect.provide(layer(address)))
      })
    )

    for (const mode of modes) {
      it.scopedLive(
        `neither slows nor fails the calls of other keys: ${named(mode)}`,
        () =>
          Effect.gen(function* () {
            const { address, client, keys } = yield* opened(mode, 12)
            const [locked, ...others] = keys as [(typeof keys)[number], ...typeof keys]
            const callOthers = async (millis: number) => {
              const times: Array<number> = []
              const until = Date.now() + millis
              const go = async (plaintext: string) => {
                while (Date.now() < until) {
                  const began = performance.now()
                  await client.validateKey(plaintext)
                  times.push(performance.now() - began)
                  await sleep(2)
                }
              }
              await Promise.all(others.map(({ plaintext }) => go(plaintext)))
              return times
            }
            yield* Effect.promise(async () => {
              await callOthers(300)
              const before = await callOthers(held)
              const waiting: Array<Promise<unknown>> = []
              let answered = 0
              let during: ReadonlyArray<number> = []
              await whileLocked(address, locked.key.id, async () => {
                for (let i = 0; i < 20; i++) {
                  waiting.push(client.validateKey(locked.plaintext).finally(() => answered++))
                }
                during = await callOthers(held)
                assert.strictEqual(answered, 0)
              })
              await Promise.all(waiting)
              // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
              console.info(
                `${title}, ${named(mode)}: 99 of 100 calls took ${p99(before).toFixed(1)} ms at most, ` +
                  `${p99(during).toFixed(1)} beside a row that is locked`
              )
              assert.isAbove(during.length, others.length)
              // Twice as long, and what a machine that does something else as well may add: far less than the lock lasts.
              assert.isBelow(p99(during), 2 * p99(before) + held / 2)
              const [limit] = await client.getLimits(locked.key.id)
              assert.strictEqual(limit?.remaining, allowed - 20)
            })
          }),
        120_000
      )

      it.scopedLive(
        `does not let a call pass that waited while its key was ended: ${named(mode)}`,
        () =>
          Effect.gen(function* () {
            const { address, client, keys } = yield* opened(mode, 4)
            const [revoked, disabled, expired, deleted] = keys as [
              (typeof keys)[number],
              (typeof keys)[number],
              (typeof keys)[number],
              (typeof keys)[number]
            ]
            const table = "apikeys_keys"
            const is = ({ key }: (typeof keys)[number]) => `where id = ${literal.id(key.id)}`
            const past = literal.instant(Date.now() - 1000)
            yield* Effect.promise(async () => {
              for (const { plaintext } of keys) await client.verifyKey(plaintext)
              let calls: Array<Promise<string>> = []
              await withSession(address, async (run) => {
                await run("begin")
                await run(`update ${table} set revoked_at = ${past} ${is(revoked)}`)
                await run(`update ${table} set disabled_at = ${past} ${is(disabled)}`)
                await run(`update ${table} set expires_at = ${past} ${is(expired)}`)
                await run(`delete from ${table} ${is(deleted)}`)
                calls = keys.map(({ plaintext }) =>
                  client.validateKey(plaintext).then(
                    () => "passed",
                    (error) => error.code
                  )
                )
                await sleep(600)
                await run("commit")
              })
              assert.deepStrictEqual(await Promise.all(calls), [
                "revoked_key",
                "disabled_key",
                "expired_key",
                "invalid_key"
              ])
            })
          }),
        120_000
      )

      it.scopedLive(
        `and that another process revokes meanwhile, lets no call pass after that: ${named(mode)}`,
        () =>
          Effect.gen(function* () {
            const { address, client, keys, other } = yield* opened(mode, 1)
            const [{ key, plaintext }] = keys as [(typeof keys)[number]]
            yield* Effect.promise(async () => {
              await client.verifyKey(plaintext)
              let revokedAt = Number.POSITIVE_INFINITY
              let calls: Array<Promise<number>> = []
              let revoking: Promise<void> | undefined
              await whileLocked(address, key.id, async () => {
                calls = Array.from({ length: 30 }, () =>
                  client.validateKey(plaintext).then(
                    () => Date.now(),
                    (error) => {
                      assert.isTrue(error instanceof RevokedKeyError || error instanceof QuotaError, String(error))
                      return 0
                    }
                  )
                )
                await sleep(100)
                revoking = other.revokeKey(key.id).then(() => {
                  revokedAt = Date.now()
                })
                await sleep(400)
              })
              const passed = await Promise.all(calls)
              await revoking
              for (const at of passed) assert.isBelow(at, revokedAt + 1000)
            })
          }),
        120_000
      )
    }

    for (const mode of modes) {
      it.scopedLive(
        `is waited for by a reset of its limits, and by nobody else; of a charge under way nothing is left: ${named(mode)}`,
        () =>
          Effect.gen(function* () {
            const { address, client, keys } = yield* opened(mode, 2)
            const [{ key }, { plaintext: other }] = keys as [(typeof keys)[number], (typeof keys)[number]]
            const columns = "key_id, name, algorithm, limit_window, charged_at, used, carry"
            const charged = `${literal.id(key.id)}, 'default', 'fixed-window', '1000000000', ${Date.now()}, 7, 0`
            yield* Effect.promise(async () => {
              let resetting: Promise<void> | undefined
              await withSession(address, async (run) => {
                await run("begin")
                await run(lock(key.id))
                resetting = client.resetLimits(key.id)
                await sleep(500)
                for (let i = 0; i < 3; i++) await client.validateKey(other)
                await run(`insert into apikeys_rate_limits (${columns}) values (${charged})`)
                await run("commit")
              })
              await resetting
              const [limit] = await client.getLimits(key.id)
              assert.strictEqual(limit?.remaining, allowed)
            })
          }),
        120_000
      )
    }

    it.scopedLive(
      "keeps the uses of other keys from nothing, and loses none",
      () =>
        Effect.gen(function* () {
          const { address, client, keys } = yield* opened({ rateLimits: "exact", usage: "deferred" }, 4)
          const [locked, ...others] = keys as [(typeof keys)[number], ...typeof keys]
          const counted = async ({ key }: (typeof keys)[number]) => {
            const [row] = await query(address, `select use_count from apikeys_keys where id = ${literal.id(key.id)}`)
            return Number(row?.["use_count"])
          }
          yield* Effect.promise(async () => {
            await whileLocked(address, locked.key.id, async () => {
              for (let i = 0; i < 3; i++) for (const { plaintext } of keys) await client.verifyKey(plaintext)
              const until = Date.now() + 15_000
              for (const each of others) while ((await counted(each)) < 3 && Date.now() < until) await sleep(50)
              for (const each of others) assert.strictEqual(await counted(each), 3)
              assert.strictEqual(await counted(locked), 0)
            })
            const { unflushedUses } = await client.close()
            assert.strictEqual(unflushedUses, 0)
            for (const each of keys) assert.strictEqual(await counted(each), 3)
          })
        }),
      120_000
    )
  })
}
