import { KeyStore } from "@apikeys/core"
import { fixtureTime, insertKey, insertOrganization, instant } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schedule } from "effect"
import { startProcess } from "../processes/process.js"
import type { SqlBackend } from "./SqlBackend.js"

/** A transaction that locks a row, and whose process then stands still. */
export interface StandingInput {
  readonly url: string
  /** How many milliseconds a call may take. */
  readonly timeout: number
  readonly statement: string
}

type StandingJobs = {
  readonly stand: (
    input: StandingInput
  ) => Effect.Effect<{ readonly retryable: boolean; readonly rows: number }, unknown>
}

const timeout = 1000

/** What a busy machine may take on top. */
const slack = 8000

/** What a process that stands still in the middle of a transaction keeps others from. */
export const standingSuite = (backend: SqlBackend & { readonly worker: URL }): void => {
  const { emptyDatabase, layer, literal, title, worker } = backend

  describe(`a process that stands still inside of a transaction on ${title}`, () => {
    it.scopedLive(
      "keeps others from the rows that it holds for about the timeout, and has only failed when it goes on",
      () =>
        Effect.gen(function* () {
          const url = yield* emptyDatabase
          yield* Effect.gen(function* () {
            const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
            const process = yield* startProcess<StandingJobs>(worker)
            const statement = `select id from apikeys_keys where id = ${literal.id(key.id)} for update`
            yield* process.run("stand", { url, timeout, statement })
            const keys = yield* KeyStore
            const began = performance.now()
            const revoke = keys.revoke(key.id, { at: instant(fixtureTime), reason: null })
            yield* Effect.retry(revoke, Schedule.recurUpTo("20 seconds"))
            assert.isBelow(performance.now() - began, 2 * timeout + slack)
            assert.isNotNull(Option.getOrThrow(yield* keys.find(key.id)).revokedAt)
            // When it goes on, its call has failed, and its next one finds a connection.
            yield* process.goOn
            assert.deepStrictEqual(yield* process.result<"stand">(), { retryable: true, rows: 1 })
          }).pipe(Effect.provide(layer(url, { timeout })))
        }),
      120_000
    )
  })
}
