import type { ApiKeyClient, RateLimitAlgorithm } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ClientJobs, openClient } from "../processes/clients.js"
import { type Process, startProcesses } from "../processes/process.js"
import type { SqlBackend } from "./SqlBackend.js"

const processes = 4
const rounds = 20

const algorithms = ["fixed-window", "sliding-window", "token-bucket"] as const

/**
 * On a small machine that does something else as well, a process is stopped now and then with permits at hand. So the best
 * of a few rounds counts: one that keeps permits for itself does so in each.
 */
const busyRounds = 3
const busyRequests = 3000

/** The refusals that processes may see early: so much of a limit. */
const fewEarly = 0.01

/** What came of calls of one key. */
interface Round {
  readonly requests: number
  readonly admitted: number
  /** Calls that were refused before others were admitted. */
  readonly early: number
  /** Permits that were there when a call was refused first. */
  readonly held: number
}

/** A window that does not turn, and gives back nothing to speak of, while a round lasts. */
const window = 1_000_000_000

const earlyShare = ({ early, requests }: Round): number => early / requests

const percent = (share: number | undefined): string => `${(100 * (share ?? 0)).toFixed(1)} %`

/** The shares of rounds, from the least to the most. */
const inOrder = (rounds: ReadonlyArray<Round>): ReadonlyArray<number> =>
  rounds.map(earlyShare).sort((one, other) => one - other)

const middleOf = (ordered: ReadonlyArray<number>): number => ordered[Math.floor(ordered.length / 2)] ?? 0

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

/**
 * What a limit admits that several processes charge.
 *
 * @param worker the file that takes up the jobs of clients
 */
export const sharedLimitSuite = ({
  emptyDatabase,
  layer,
  title,
  worker
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "title"> & { readonly worker: URL }): void => {
  /** One key that all processes call, more often than its limit admits. */
  const play = (
    client: ApiKeyClient,
    workers: ReadonlyArray<Process<ClientJobs>>,
    { busy, ...limit }: { readonly algorithm: RateLimitAlgorithm; readonly requests: number; readonly busy: boolean }
  ) =>
    Effect.gen(function* (): Effect.fn.Return<Round, Error> {
      const { algorithm, requests } = limit
      const { plaintext } = yield* Effect.promise(async () => {
        const { id: organizationId } = await client.createOrganization({ name: crypto.randomUUID() })
        const rateLimit = { ...limit, window, burst: algorithm === "token-bucket" ? requests : null }
        return client.createKey({ organizationId, rateLimits: [rateLimit] })
      })
      const input = { plaintext, busy, calls: Math.ceil((1.5 * requests) / processes), lanes: 4 }
      const results = yield* Effect.forEach(workers, (each) => each.run("spend", input), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        results.flatMap(({ errors }) => errors),
        []
      )
      const admitted = results.flatMap((result) => result.admitted)
      const refused = results.flatMap((result) => result.refused)
      assert.isAtMost(admitted.length, requests)
      const [firstRefused, lastAdmitted] = [Math.min(...refused), Math.max(...admitted)]
      return {
        requests,
        admitted: admitted.length,
        early: refused.filter((at) => at < lastAdmitted).length,
        held: admitted.filter((at) => at > firstRefused).length + requests - admitted.length
      }
    })

  const playAll = (rateLimits: "exact" | "leased", workers: ReadonlyArray<Process<ClientJobs>>) =>
    Effect.gen(function* () {
      const address = yield* emptyDatabase
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => openClient(layer(address), { cache: false })),
        (opened) => Effect.promise(() => opened.close())
      )
      yield* Effect.forEach(workers, (each) => each.run("open", { address, rateLimits, usage: "deferred" }), {
        concurrency: "unbounded"
      })
      const played: Array<Round> = []
      for (let round = 0; round < rounds; round++) {
        const algorithm = algorithms[round % algorithms.length] ?? "fixed-window"
        played.push(yield* play(client, workers, { algorithm, requests: 30 + 4 * round, busy: false }))
      }
      return { played, client }
    })

  describe(`four processes that share limits of ${title}`, () => {
    it.scopedLive(
      "admit not one more in 20 rounds with random pauses, and exactly what these say without leases",
      () =>
        Effect.gen(function* () {
          const workers = yield* startProcesses<ClientJobs>(worker, processes)
          const exact = yield* playAll("exact", workers)
          for (const { admitted, requests } of exact.played) assert.strictEqual(admitted, requests)
          const { client, played } = yield* playAll("leased", workers)
          const busy: Array<Round> = []
          while (busy.length < busyRounds && !busy.some((each) => earlyShare(each) < fewEarly)) {
            busy.push(yield* play(client, workers, { algorithm: "fixed-window", requests: busyRequests, busy: true }))
          }
          const all = sum(played.map(({ requests }) => requests))
          const early = sum(played.map((each) => each.early))
          const held = sum(played.map((each) => each.held))
          const [shares, sharesOfBusy] = [inOrder(played), inOrder(busy)]
          // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
          console.info(
            `${title}: of ${all} permits ${held} were held by others when a call was refused first; early refusals: ` +
              `${early} with pauses (${percent(early / all)}; of a round ${percent(middleOf(shares))} in the median, ` +
              `${percent(shares.at(-1))} at most), ${percent(sharesOfBusy[0])} of ${busyRequests} without`
          )
          assert.isBelow(middleOf(shares), fewEarly)
          assert.isBelow(sharesOfBusy[0] ?? 1, fewEarly)
        }),
      240_000
    )
  })
}
