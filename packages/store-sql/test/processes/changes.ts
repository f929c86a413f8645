import { KeyId, KeyStore, type StorePorts } from "@apikeys/core"
import { DateTime, Effect } from "effect"

export interface RevocationInput {
  readonly address: string
  readonly keyIds: ReadonlyArray<string>
  readonly pauseMillis: number
}

/** Revokes keys one after another, and tells when each revocation was reported, by the clock of the machine. */
export const revokeInTurn = ({
  keyIds,
  pauseMillis
}: RevocationInput): Effect.Effect<ReadonlyArray<number>, unknown, StorePorts> =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    return yield* Effect.forEach(keyIds, (id) =>
      Effect.gen(function* () {
        yield* Effect.sleep(pauseMillis)
        yield* keys.revoke(KeyId.make(id), { at: yield* DateTime.now, reason: null })
        return Date.now()
      })
    )
  })
