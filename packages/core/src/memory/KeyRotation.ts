import { DateTime, Effect, Encoding, Option } from "effect"
import { StoreError } from "../domain/Errors.js"
import type { KeyId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import { isSecretValid, maxSecrets, overlapEnd } from "../domain/Rotation.js"
import type { Digest } from "../ports/KeyHasher.js"
import type { FoundKey, Rotation, RotationOutcome, SecretCount, SecretName } from "../ports/KeyStore.js"
import { type KeyRow, toInstant, toKey } from "./KeyRow.js"
import { type DigestRow, digestKey, type State, tell } from "./State.js"

/** The members of the port that are about the digests of keys. */
export const makeRotation = (state: State) => ({
  rotate: (id: KeyId, rotation: Rotation) => Effect.suspend(() => rotate(state, id, rotation)),
  redigest: (from: Uint8Array, to: Digest) => Effect.sync(() => redigest(state, from, to)),
  secretNames: () => Effect.sync(() => ({ salt: state.secretSalt.slice(), former: [] })),
  nameSecrets: (secrets: ReadonlyArray<SecretName>) => Effect.sync(() => secrets.map((one) => nameSecret(state, one))),
  renameSecret: (former: string, id: string, limit: number) =>
    Effect.sync(() => renameSecret(state, former, id, limit)),
  countSecrets: (now: Instant) => Effect.sync(() => countSecrets(state, now.epochMillis)),
  countUnserved: (secretIds: ReadonlyArray<string>) =>
    Effect.sync(
      () =>
        [...state.digests.values()].filter(
          ({ secretId, supersededAt }) => supersededAt === null && !secretIds.includes(secretId)
        ).length
    )
})

/** A key by one of its digests. */
export const findByDigest = (state: State, bytes: Uint8Array): Option.Option<FoundKey> => {
  const digest = state.digests.get(digestKey(bytes))
  const row = digest === undefined ? undefined : state.keys.get(digest.keyId)
  if (digest === undefined || row === undefined) return Option.none()
  return Option.some({
    key: toKey(row),
    digest: digest.bytes.slice(),
    secretId: digest.secretId,
    supersededAt: toInstant(digest.supersededAt),
    validUntil: toInstant(digest.validUntil)
  })
}

const duplicate = (operation: string) =>
  new StoreError({ operation, retryable: false, reason: "memory: duplicate digest" })

const rotate = (
  state: State,
  id: KeyId,
  { at, digest, hint, overlapMillis }: Rotation
): Effect.Effect<Option.Option<RotationOutcome>, StoreError> => {
  const row = state.keys.get(id)
  if (row === undefined) return Effect.succeedNone
  const key = toKey(row)
  if (key.revokedAt !== null) return Effect.succeedSome({ _tag: "Revoked", key })
  if (state.digests.has(digestKey(digest.bytes))) return Effect.fail(duplicate("KeyStore.rotate"))
  const until = overlapEnd(key, at, overlapMillis)
  supersede(state, id, at.epochMillis, until.epochMillis)
  keepNewest(state, id, maxSecrets - 1)
  state.digests.set(digestKey(digest.bytes), currentDigest(id, digest))
  const rotated: KeyRow = Object.freeze({ ...row, hint, updatedAt: at.epochMillis })
  state.keys.set(id, rotated)
  tell(state, { _tag: "Key", id })
  return Effect.succeedSome({ _tag: "Rotated", key: toKey(rotated), until })
}

/** The row of a digest that is its key's current one. */
export const currentDigest = (keyId: KeyId, digest: Digest): DigestRow => ({
  keyId,
  bytes: digest.bytes.slice(),
  secretId: digest.secretId,
  supersededAt: null,
  validUntil: null
})

const supersede = (state: State, id: KeyId, at: number, until: number): void => {
  for (const [key, row] of state.digests) {
    if (row.keyId !== id) continue
    const validUntil = Math.min(until, row.validUntil ?? until)
    if (validUntil <= at) state.digests.delete(key)
    else state.digests.set(key, { ...row, supersededAt: row.supersededAt ?? at, validUntil })
  }
}

/** Of those that were superseded at the same time, the ones that came last. */
const keepNewest = (state: State, id: KeyId, count: number): void => {
  const oldestFirst = [...state.digests]
    .filter(([, { keyId }]) => keyId === id)
    .sort(([, one], [, other]) => (one.supersededAt ?? 0) - (other.supersededAt ?? 0))
  for (const [key] of oldestFirst.slice(0, Math.max(0, oldestFirst.length - count))) state.digests.delete(key)
}

/** Replaces one digest, unless it is gone or the new one is there. */
const redigest = (state: State, from: Uint8Array, to: Digest): boolean => {
  const row = state.digests.get(digestKey(from))
  if (row === undefined || state.digests.has(digestKey(to.bytes))) return false
  state.digests.delete(digestKey(from))
  state.digests.set(digestKey(to.bytes), { ...row, bytes: to.bytes.slice(), secretId: to.secretId })
  return true
}

const nameSecret = (state: State, { fingerprint, id }: SecretName): string => {
  const name = Encoding.encodeHex(fingerprint)
  const known = state.secretIds.get(name) ?? id
  state.secretIds.set(name, known)
  return known
}

const renameSecret = (state: State, former: string, id: string, limit: number): number => {
  const found = [...state.digests].filter(([, { secretId }]) => secretId === former).slice(0, limit)
  for (const [key, row] of found) state.digests.set(key, { ...row, secretId: id })
  return found.length
}

const countSecrets = (state: State, now: number): ReadonlyArray<SecretCount> => {
  const counts = new Map<string, SecretCount>()
  for (const { secretId, supersededAt, validUntil } of state.digests.values()) {
    const { current, superseded } = counts.get(secretId) ?? { current: 0, superseded: 0 }
    const isValid = isSecretValid({ validUntil: validUntil === null ? null : DateTime.unsafeMake(validUntil) }, now)
    counts.set(secretId, {
      secretId,
      current: current + (supersededAt === null ? 1 : 0),
      superseded: superseded + (supersededAt !== null && isValid ? 1 : 0)
    })
  }
  return [...counts.values()].filter(({ current, superseded }) => current + superseded > 0)
}
