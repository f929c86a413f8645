import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ClientJobs, openClient } from "../processes/clients.js"
import { startProcesses } from "../processes/process.js"
import type { SqlBackend } from "./SqlBackend.js"

const processes = 4
const lanes = 4

/** Of the uses that are deferred, in milliseconds: the default. */
const interval = 1000

/** What a machine that does something else as well may add to it. */
const slack = 2000

const tempFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "apikeys-uses-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const timesIn = (file: string): ReadonlyArray<number> =>
  readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number)

/**
 * What is left of the uses of processes that end.
 *
 * @param worker the file that takes up the jobs of clients
 */
export const usesSuite = ({
  emptyDatabase,
  layer,
  title,
  worker
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "title"> & { readonly worker: URL }): void => {
  const opened = (usage: "deferred" | "durable") =>
    Effect.gen(function* () {
      const address = yield* emptyDatabase
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => openClient(layer(address), { cache: false })),
        (opened) => Effect.promise(() => opened.close())
      )
      const { key, plaintext } = yield* Effect.promise(async () => {
        const { id: organizationId } = await client.createOrganization({ name: "Acme" })
        return client.createKey({ organizationId })
      })
      const workers = yield* startProcesses<ClientJobs>(worker, processes)
      yield* Effect.forEach(workers, (each) => each.run("open", { address, rateLimits: "exact", usage }), {
        concurrency: "unbounded"
      })
      const useCount = Effect.map(
        Effect.promise(() => client.getKey(key.id)),
        (found) => found.useCount
      )
      return { workers, plaintext, useCount }
    })

  /** Kills all processes in the midst of their work, and gives what they had told and when that was. */
  const kill = (usage: "deferred" | "durable") =>
    Effect.gen(function* () {
      const folder = yield* tempFolder
      const { plaintext, useCount, workers } = yield* opened(usage)
      const files = workers.map((_, n) => join(folder, `${n}`))
      yield* Effect.forEach(workers, (each, n) =>
        each.start("use", { plaintext, lanes, millis: 60_000, file: files[n] ?? null })
      )
      yield* Effect.sleep(interval + slack + 1000)
      const killedAt = yield* Effect.forEach(
        workers,
        (each) =>
          Effect.zipRight(
            each.kill,
            Effect.sync(() => Date.now())
          ),
        { concurrency: "unbounded" }
      )
      const told = files.map(timesIn)
      return { killedAt, told, stored: yield* useCount }
    })

  describe(`uses of four processes on ${title}`, () => {
    it.scopedLive(
      "are all there once these were closed",
      () =>
        Effect.gen(function* () {
          const { plaintext, useCount, workers } = yield* opened("deferred")
          const closed = yield* Effect.forEach(
            workers,
            (each) =>
              Effect.gen(function* () {
                const successes = yield* each.run("use", { plaintext, lanes, millis: 1300, file: null })
                const { unflushedUses } = yield* each.run("close", null)
                assert.strictEqual(unflushedUses, 0)
                return successes
              }),
            { concurrency: "unbounded" }
          )
          for (const successes of closed) assert.isAbove(successes, 0)
          assert.strictEqual(
            yield* useCount,
            closed.reduce((sum, each) => sum + each)
          )
        }),
      120_000
    )

    it.scopedLive(
      "are short by those of one interval at most where these were killed",
      () =>
        Effect.gen(function* () {
          const { killedAt, stored, told } = yield* kill("deferred")
          const count = (within: number) =>
            told.reduce((sum, times, n) => sum + times.filter((at) => at >= (killedAt[n] ?? 0) - within).length, 0)
          const all = count(Number.POSITIVE_INFINITY)
          // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
          console.info(`${title}: of ${all} uses ${all - stored} were lost, of ${count(interval)} in the last interval`)
          assert.isAtMost(all - stored, count(interval + slack))
          assert.isAbove(all - count(interval + slack), 0)
          // What was let in and not yet told.
          assert.isAtMost(stored - all, processes * lanes)
        }),
      120_000
    )

    it.scopedLive(
      "are all there where these were killed, if they are durable",
      () =>
        Effect.gen(function* () {
          const { stored, told } = yield* kill("durable")
          const all = told.reduce((sum, { length }) => sum + length, 0)
          assert.isAbove(all, 0)
          assert.isAtLeast(stored, all)
          assert.isAtMost(stored - all, processes * lanes)
        }),
      120_000
    )
  })
}
