import { Effect, Option } from "effect"
import { keyStatus } from "../domain/ApiKey.js"
import { type NotFoundError, StoreError } from "../domain/Errors.js"
import type { KeyId, OrganizationId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import { type RateLimit, sharesState } from "../domain/RateLimit.js"
import {
  type Disabling,
  type Insertion,
  type KeyFilter,
  type KeyOwner,
  KeyStore,
  type NewKey,
  type Pruning,
  type Revocation
} from "../ports/KeyStore.js"
import { importKey } from "./KeyImport.js"
import { findByDigest, makeRotation } from "./KeyRotation.js"
import { idempotencyDigestOf, type KeyRow, patchRow, toKey } from "./KeyRow.js"
import { newestFirst } from "./NamedRows.js"
import { areLinked, findAbsentOwner, writeKey } from "./NewKey.js"
import { digestKey, idempotencyKeyOf, type State, tell } from "./State.js"

/** The port over a state. */
export const make = (state: State) =>
  KeyStore.of({
    insert: (newKey) => Effect.suspend(() => insert(state, newKey)),
    findByDigests: (digests) => Effect.sync(() => digests.map((bytes) => findByDigest(state, bytes))),
    find: (id) => Effect.sync(() => Option.map(Option.fromNullable(state.keys.get(id)), toKey)),
    list: (filter, slice) =>
      Effect.sync(() =>
        newestFirst(
          [...state.keys.values()].filter((row) => matches(row, filter)),
          slice
        ).map(toKey)
      ),
    update: (id, patch, at) =>
      Effect.sync(() =>
        replace(state, id, (row) => {
          if (patch.rateLimits !== undefined) dropCounters(state, id, patch.rateLimits)
          return patchRow(row, patch, at)
        })
      ),
    revoke: (id, revocation) => Effect.sync(() => replace(state, id, (row) => revokeRow(row, revocation))),
    fence: (owner, revocation) =>
      Effect.sync(() => {
        const rows = [...state.keys.values()].filter((row) => row.revokedAt === null && belongsTo(row, owner))
        for (const row of rows) state.keys.set(row.id, revokeRow(row, revocation))
        for (const id of new Set(rows.map((row) => row.organizationId))) tell(state, { _tag: "KeysOfOrganization", id })
        return { revoked: rows.length, rest: null }
      }),
    revokeFenced: () => Effect.succeed({ revoked: 0, rest: null }),
    disable: (id, disabling) => Effect.sync(() => replace(state, id, (row) => disableRow(row, disabling))),
    enable: (id, at) => Effect.sync(() => replace(state, id, (row) => enableRow(row, at))),
    ...makeRotation(state),
    prune: (pruning, limit) =>
      Effect.sync(() => {
        const rows = [...state.keys.values()].filter((row) => isPruned(row, pruning)).slice(0, limit)
        for (const { id } of rows) remove(state, id)
        return { deleted: rows.length, more: rows.length === limit }
      }),
    delete: (id) => Effect.sync(() => remove(state, id)),
    insertMany: (imports) => Effect.sync(() => imports.map((each) => importKey(state, each)))
  })

const insert = (state: State, newKey: NewKey): Effect.Effect<Insertion, NotFoundError | StoreError> => {
  const { digest, idempotencyKey, key } = newKey
  const existing = idempotencyKey === null ? undefined : findByIdempotencyKey(state, key.organizationId, idempotencyKey)
  if (existing !== undefined) {
    return Effect.succeed({ _tag: "Existing", key: toKey(existing), idempotencyDigest: idempotencyDigestOf(existing) })
  }
  const absent = findAbsentOwner(state, key)
  if (absent !== null) return Effect.fail(absent)
  const { id } = key
  if (!areLinked(state, key)) return Effect.succeed({ _tag: "NotLinked" })
  if (state.keys.has(id) || state.digests.has(digestKey(digest.bytes))) {
    return Effect.fail(
      new StoreError({ operation: "KeyStore.insert", retryable: false, reason: "memory: duplicate id or digest" })
    )
  }
  writeKey(state, newKey)
  if (idempotencyKey !== null) state.idempotencyKeys.set(idempotencyKeyOf(key.organizationId, idempotencyKey), id)
  return Effect.succeed({ _tag: "Inserted" })
}

const findByIdempotencyKey = (state: State, organizationId: OrganizationId, idempotencyKey: string) => {
  const id = state.idempotencyKeys.get(idempotencyKeyOf(organizationId, idempotencyKey))
  return id === undefined ? undefined : state.keys.get(id)
}

const belongsTo = (row: KeyRow, owner: KeyOwner): boolean =>
  (owner.organizationId === null || row.organizationId === owner.organizationId) &&
  (owner.projectId === null || row.projectId === owner.projectId) &&
  (owner.productId === null || row.productId === owner.productId)

const matches = (row: KeyRow, filter: KeyFilter): boolean =>
  belongsTo(row, filter) &&
  (filter.status === null || statusOf(row, filter.now.epochMillis) === filter.status) &&
  (filter.lastUsedBefore === null || row.lastUsedAt === null || row.lastUsedAt < filter.lastUsedBefore.epochMillis) &&
  (filter.expiresBefore === null || isBefore(row.expiresAt, filter.expiresBefore))

const isBefore = (millis: number | null, time: Instant | null): boolean =>
  millis !== null && time !== null && millis < time.epochMillis

const isPruned = (row: KeyRow, { expiredBefore, organizationId, revokedBefore }: Pruning): boolean =>
  (organizationId === null || row.organizationId === organizationId) &&
  (row.revokedAt === null ? isBefore(row.expiresAt, expiredBefore) : isBefore(row.revokedAt, revokedBefore))

const statusOf = (row: KeyRow, now: number) => keyStatus(toKey(row), now)

const revokeRow = (row: KeyRow, { at, reason }: Revocation): KeyRow =>
  row.revokedAt === null
    ? Object.freeze({ ...row, revokedAt: at.epochMillis, revokedReason: reason, updatedAt: at.epochMillis })
    : row

const disableRow = (row: KeyRow, { at, reason }: Disabling): KeyRow =>
  row.disabledAt === null
    ? Object.freeze({ ...row, disabledAt: at.epochMillis, disabledReason: reason, updatedAt: at.epochMillis })
    : row

const enableRow = (row: KeyRow, at: Instant): KeyRow =>
  row.disabledAt === null
    ? row
    : Object.freeze({ ...row, disabledAt: null, disabledReason: null, updatedAt: at.epochMillis })

const replace = (state: State, id: KeyId, change: (row: KeyRow) => KeyRow) => {
  const row = state.keys.get(id)
  if (row === undefined) return Option.none()
  const changed = change(row)
  state.keys.set(id, changed)
  if (changed !== row) tell(state, { _tag: "Key", id })
  return Option.some(toKey(changed))
}

const dropCounters = (state: State, id: KeyId, limits: ReadonlyArray<RateLimit>): void => {
  const counters = state.counters.get(id)
  for (const [name, counter] of counters ?? []) {
    if (!limits.some((limit) => sharesState(limit, counter.limit))) counters?.delete(name)
  }
}

const remove = (state: State, id: KeyId): boolean => {
  const row = state.keys.get(id)
  if (row === undefined) return false
  state.keys.delete(id)
  state.counters.delete(id)
  for (const [key, digest] of state.digests) if (digest.keyId === id) state.digests.delete(key)
  if (row.idempotencyKey !== null) {
    state.idempotencyKeys.delete(idempotencyKeyOf(row.organizationId, row.idempotencyKey))
  }
  tell(state, { _tag: "Key", id })
  return true
}
