import { DateTime, Effect } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import { type InvalidInputError, NotFoundError } from "../../domain/Errors.js"
import { type KeyOwner, type KeyPatch, KeyStore, type RevokedBatch } from "../../ports/KeyStore.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { orNotFound } from "../tenants/entity.js"
import { RateLimiter } from "../verifier/RateLimiter.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import type { ApiKeysService } from "./ApiKeysService.js"
import { checkLifetime, decodeChanges, decodeKeyId, decodeReason, decodeRevocationOfOwner } from "./input.js"
import { makeOwnerExists } from "./owner.js"

type Operations = Pick<
  ApiKeysService,
  "updateKey" | "revokeKey" | "revokeKeys" | "deleteKey" | "getLimits" | "resetLimits"
>

/** As many keys as are written in one transaction, once the fence is there: few enough for nobody to wait for it long. */
const revokedAtOnce = 500

/** Changes keys, and ends them. */
export const makeChanges = Effect.gen(function* () {
  const { maxKeyLifetime } = yield* Settings
  const store = yield* KeyStore
  const limits = yield* RateLimiter
  const uses = yield* UsageRecorder
  const { changing, changingAny } = yield* VerificationCache
  const codec = yield* MetadataCodec
  const ownerExists = yield* makeOwnerExists

  const find = (id: ApiKey["id"]) => store.find(id).pipe(orNotFound("key", id))

  /** As callers get it. */
  const shown = (key: ApiKey) => codec.typedKey(uses.include(key))

  /** Which keys an owner has is the store's to know; all that may be concerned are forgotten. */
  const changingKeysOf = ({ organizationId }: KeyOwner) =>
    organizationId === null ? changingAny : changing({ _tag: "KeysOfOrganization", id: organizationId })

  const changingKey = (id: ApiKey["id"]) => changing({ _tag: "Key", id })

  const patchOf = Effect.fnUntraced(function* (changes: unknown): Effect.fn.Return<KeyPatch, InvalidInputError> {
    const { expiresAt, metadata, name, rateLimits, scopes } = yield* decodeChanges(changes)
    return {
      ...(name !== undefined && { name }),
      ...(scopes !== undefined && { scopes: scopes ?? [] }),
      ...(rateLimits !== undefined && { rateLimits: rateLimits ?? [] }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(metadata !== undefined && { metadata: yield* codec.encode(metadata ?? {}) })
    }
  })

  const updateKey: Operations["updateKey"] = Effect.fn("ApiKeys.updateKey")(function* (input, changes) {
    const id = yield* decodeKeyId(input)
    const patch = yield* patchOf(changes)
    if (maxKeyLifetime !== null && patch.expiresAt !== undefined) {
      // When a key was created never changes, so that it may be looked at before.
      const { createdAt } = yield* find(id)
      yield* checkLifetime({ createdAt, expiresAt: patch.expiresAt }, maxKeyLifetime)
    }
    const key =
      Object.keys(patch).length === 0
        ? yield* find(id)
        : yield* store.update(id, patch, yield* DateTime.now).pipe(changingKey(id), orNotFound("key", id))
    return yield* shown(key)
  })

  const revokeKey: Operations["revokeKey"] = Effect.fn("ApiKeys.revokeKey")(function* (input, options) {
    const id = yield* decodeKeyId(input)
    const { reason } = yield* decodeReason(options ?? {})
    const revocation = { at: yield* DateTime.now, reason }
    const key = yield* store.revoke(id, revocation).pipe(changingKey(id), orNotFound("key", id))
    return yield* shown(key)
  })

  const revokeKeys: Operations["revokeKeys"] = Effect.fn("ApiKeys.revokeKeys")(function* (input) {
    const { reason, ...owner } = yield* decodeRevocationOfOwner(input)
    let { rest, revoked } = yield* store.fence(owner, { at: yield* DateTime.now, reason }).pipe(changingKeysOf(owner))
    while (rest !== null) {
      const batch: RevokedBatch = yield* store.revokeFenced(rest, revokedAtOnce)
      revoked += batch.revoked
      rest = batch.rest
    }
    if (revoked === 0) yield* ownerExists(owner)
    return revoked
  })

  const deleteKey: Operations["deleteKey"] = Effect.fn("ApiKeys.deleteKey")(function* (input) {
    const id = yield* decodeKeyId(input)
    if (!(yield* changingKey(id)(store.delete(id)))) return yield* new NotFoundError({ entity: "key", id })
  })

  const getLimits: Operations["getLimits"] = Effect.fn("ApiKeys.getLimits")(function* (input) {
    const id = yield* decodeKeyId(input)
    const key = yield* find(id)
    if (key.rateLimits.length === 0) return []
    return (yield* limits.look(key)).limits
  })

  const resetLimits: Operations["resetLimits"] = Effect.fn("ApiKeys.resetLimits")(function* (input) {
    const id = yield* decodeKeyId(input)
    yield* find(id)
    yield* limits.reset(id)
  })

  return { updateKey, revokeKey, revokeKeys, deleteKey, getLimits, resetLimits } satisfies Operations
})
