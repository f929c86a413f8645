import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { type ClientJobs, openClient } from "../processes/clients.js"
import { type Process, startProcesses } from "../processes/process.js"
import type { Ending } from "../processes/verifying.js"
import type { SqlBackend } from "./SqlBackend.js"

/** Something that goes wrong between processes and their database. */
export interface Trouble {
  readonly name: string
  /** The address by which the processes reach the database, and the trouble, which gives how often it struck. */
  readonly through: (
    address: string
  ) => Effect.Effect<{ readonly address: string; readonly strike: Effect.Effect<number> }, never, Scope.Scope>
}

const processes = 4

/** What the library promises, in milliseconds. */
const bound = 1000

const endings: ReadonlyArray<Ending["how"]> = ["revoke", "disable", "rotate", "delete"]

const noTrouble: Trouble = {
  name: "",
  through: (address) => Effect.succeed({ address, strike: Effect.succeed(1) })
}

/**
 * What processes that remember keys do with one that another of them ended.
 *
 * @param worker the file that takes up the jobs of clients
 */
export const revocationSuite = (
  {
    emptyDatabase,
    layer,
    title,
    worker
  }: Pick<SqlBackend, "emptyDatabase" | "layer" | "title"> & { readonly worker: URL },
  troubles: ReadonlyArray<Trouble> = []
): void => {
  const watch = (
    workers: ReadonlyArray<Process<ClientJobs>>,
    { through }: Trouble,
    {
      count,
      pauseMillis,
      perSecond
    }: { readonly count: number; readonly pauseMillis: number; readonly perSecond: number }
  ) =>
    Effect.gen(function* () {
      const direct = yield* emptyDatabase
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => openClient(layer(direct), { cache: false })),
        (opened) => Effect.promise(() => opened.close())
      )
      const keys = yield* Effect.promise(async () => {
        const { id: organizationId } = await client.createOrganization({ name: "Acme" })
        return Promise.all(Array.from({ length: count }, () => client.createKey({ organizationId })))
      })
      const { address, strike } = yield* through(direct)
      yield* Effect.forEach(workers, (each) => each.run("open", { address, rateLimits: "exact", usage: "deferred" }), {
        concurrency: "unbounded"
      })
      const verified = Effect.forEach(
        workers,
        (each, n) =>
          each.run("verify", {
            plaintexts: keys.map(({ plaintext }) => plaintext),
            perSecond: perSecond / processes,
            endings:
              n > 0 ? [] : keys.map(({ key }, i) => ({ id: key.id, how: endings[i % endings.length] ?? "revoke" })),
            pauseMillis
          }),
        { concurrency: "unbounded" }
      )
      const [results, struck] = yield* Effect.all([verified, strike], { concurrency: "unbounded" })
      assert.isAbove(struck, 0)
      assert.deepStrictEqual(
        results.flatMap(({ errors }) => errors),
        []
      )
      const ended = results.flatMap((result) => result.ended)
      assert.strictEqual(ended.length, count)
      const others = results.slice(1)
      const late = (times: (result: (typeof results)[number]) => ReadonlyArray<number | null>) =>
        others.flatMap((result) => ended.map((at, i) => (times(result)[i] ?? Number.NaN) - at)).sort((a, b) => a - b)
      const refusals = late(({ firstRefusals }) => firstRefusals)
      const passes = late(({ lastPasses }) => lastPasses)
      const at = (share: number) => refusals[Math.round((refusals.length - 1) * share)]
      const rate = results.reduce((sum, result) => sum + result.perSecond, 0)
      // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
      console.info(
        `${title}: at ${rate.toFixed(0)} verifications a second, refused after ${at(0.5)} ms in the middle, ` +
          `${at(0.9)} for 9 of 10, ${at(1)} at most; let in for ${passes.at(-1)} ms at most`
      )
      assert.strictEqual(passes.filter((millis) => !Number.isNaN(millis)).length, others.length * count)
      // Calls that began later than that were refused, by each process and for every key.
      for (const millis of passes) assert.isBelow(millis, bound)
      for (const result of results) assert.notInclude(result.firstRefusals, null)
    })

  describe(`four processes that remember keys of ${title}`, () => {
    const started = startProcesses<ClientJobs>(worker, processes)

    it.scopedLive(
      "refuse one within a second that another of them ended, also while they verify 2,000 times a second",
      () =>
        Effect.gen(function* () {
          const workers = yield* started
          yield* watch(workers, noTrouble, { count: 12, pauseMillis: 150, perSecond: 200 })
          yield* watch(workers, noTrouble, { count: 12, pauseMillis: 150, perSecond: 2000 })
        }),
      180_000
    )

    for (const trouble of troubles) {
      it.scopedLive(
        `refuse it as soon ${trouble.name}`,
        () =>
          Effect.flatMap(started, (workers) =>
            watch(workers, trouble, { count: 24, pauseMillis: 250, perSecond: 400 })
          ),
        180_000
      )
    }
  })
}
