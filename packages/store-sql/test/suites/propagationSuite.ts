import { KeyChanges, KeyStore, type StoreLayer } from "@apikeys/core"
import { insertKey, insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { RevocationInput } from "../processes/changes.js"
import { startProcess } from "../processes/process.js"

/** What the worker of a store takes up. */
export interface RevocationJobs {
  readonly [job: string]: (input: never) => Effect.Effect<unknown, unknown>
  readonly revoke: (input: RevocationInput) => Effect.Effect<ReadonlyArray<number>, unknown>
}

const count = 25

/** What the library promises, in milliseconds. */
const bound = 1000

/**
 * How long a change takes to another process.
 *
 * @param worker the file that takes up the revocations
 */
export const propagationSuite = (title: string, address: string, layer: StoreLayer, worker: URL): void => {
  describe(`a change on ${title}`, () => {
    it.scopedLive(
      "reaches another process within a second",
      () =>
        Effect.gen(function* () {
          const { id } = yield* insertOrganization()
          const own = yield* Effect.forEach(Array.from({ length: count }), () => insertKey(id))
          const keyIds = own.map(({ key }) => key.id)
          const told = new Map<string, number>()
          const { follow } = yield* KeyChanges
          yield* follow(({ changes }) => {
            for (const change of changes) if (change._tag === "Key") told.set(change.id, Date.now())
          })
          const process = yield* startProcess<RevocationJobs>(worker)
          const done = yield* process.run("revoke", { address, keyIds, pauseMillis: 137 })
          yield* Effect.sleep(bound)
          const latencies = keyIds.map((keyId, i) => (told.get(keyId) ?? Number.NaN) - (done[i] ?? Number.NaN))
          const ordered = [...latencies].sort((a, b) => a - b)
          const at = (share: number) => ordered[Math.round((ordered.length - 1) * share)]
          // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
          console.info(`${title}: a change took ${at(0.5)} ms in the middle, ${at(0.9)} for 9 of 10, ${at(1)} at most`)
          for (const latency of latencies) assert.isBelow(latency, bound)
          const keys = yield* KeyStore
          const [last] = yield* Effect.forEach(keyIds.slice(-1), keys.find)
          assert.isTrue(last?._tag === "Some" && last.value.revokedAt !== null)
        }).pipe(Effect.provide(layer)),
      120_000
    )
  })
}
