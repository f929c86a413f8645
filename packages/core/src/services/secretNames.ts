import { Effect, Encoding, Schedule, type Scope } from "effect"
import type { StoreError } from "../domain/Errors.js"
import type { Fingerprint, SealedSecret } from "../ports/KeyHasher.js"
import { KeyStore } from "../ports/KeyStore.js"

/** What naming secrets takes of cryptography. */
export interface Naming {
  readonly fingerprint: Fingerprint
  readonly random: (size: number) => Uint8Array
}

/** As many digests as a transaction renames. */
const batch = 1000

/**
 * What signing secrets are called. A store recognizes a secret by its fingerprint, which takes as long to make as a guess at
 * the secret by it would; one that it does not know gets an id that is drawn. What an earlier version called secrets by names
 * that are made of them, is renamed in the background, whether or not they are known here.
 */
export const nameSecrets = Effect.fnUntraced(function* <Secrets extends ReadonlyArray<SealedSecret>>(
  secrets: Secrets,
  { fingerprint, random }: Naming
): Effect.fn.Return<{ [I in keyof Secrets]: string }, StoreError, KeyStore | Scope.Scope> {
  const store = yield* KeyStore
  const { former, salt } = yield* store.secretNames()

  const name = (formerIds: ReadonlyArray<string>) =>
    Effect.forEach(formerIds, (formerId) => fingerprint(formerId, salt), { concurrency: "unbounded" }).pipe(
      Effect.map((fingerprints) =>
        fingerprints.map((each) => ({ fingerprint: each, id: Encoding.encodeHex(random(8)) }))
      ),
      Effect.flatMap((named) => store.nameSecrets(named))
    )

  const rename = (formerId: string) =>
    Effect.flatMap(name([formerId]), ([id = ""]) =>
      Effect.repeat(store.renameSecret(formerId, id, batch), { until: (renamed) => renamed === 0 })
    )

  const ids = yield* name(secrets.map(({ formerId }) => formerId))
  if (former.length > 0) {
    const renamed = Effect.forEach(former, rename, { discard: true })
    yield* Effect.forkScoped(Effect.ignore(Effect.retry(renamed, Schedule.spaced("5 seconds"))))
  }
  return ids as { [I in keyof Secrets]: string }
})
