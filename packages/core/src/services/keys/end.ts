import { DateTime, Effect } from "effect"
import type { KeyId } from "../../domain/Ids.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { orNotFound } from "../tenants/entity.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import type { ApiKeysService } from "./ApiKeysService.js"
import { decodeKeyId, decodePruning, decodeReason } from "./input.js"
import { makeOwnerExists } from "./owner.js"

type Operations = Pick<ApiKeysService, "disableKey" | "enableKey" | "pruneKeys">

/** As many keys as are deleted in one transaction: few enough for nobody to wait for it long. */
const prunedAtOnce = 200

/** Ends keys for a while, and deletes those that have ended long ago. */
export const makeEndings = Effect.gen(function* () {
  const store = yield* KeyStore
  const codec = yield* MetadataCodec
  const uses = yield* UsageRecorder
  const { changing, changingAny } = yield* VerificationCache
  const ownerExists = yield* makeOwnerExists

  const changingKey = (id: KeyId) => changing({ _tag: "Key", id })

  const disableKey: Operations["disableKey"] = Effect.fn("ApiKeys.disableKey")(function* (input, options) {
    const id = yield* decodeKeyId(input)
    const { reason } = yield* decodeReason(options ?? {})
    const key = yield* store
      .disable(id, { at: yield* DateTime.now, reason })
      .pipe(changingKey(id), orNotFound("key", id))
    return yield* codec.typedKey(uses.include(key))
  })

  const enableKey: Operations["enableKey"] = Effect.fn("ApiKeys.enableKey")(function* (input) {
    const id = yield* decodeKeyId(input)
    const key = yield* store.enable(id, yield* DateTime.now).pipe(changingKey(id), orNotFound("key", id))
    return yield* codec.typedKey(uses.include(key))
  })

  const pruneKeys: Operations["pruneKeys"] = Effect.fn("ApiKeys.pruneKeys")(function* (input) {
    const pruning = yield* decodePruning(input, yield* DateTime.now)
    let deleted = 0
    let more = true
    while (more) {
      const batch = yield* changingAny(store.prune(pruning, prunedAtOnce))
      deleted += batch.deleted
      more = batch.more
    }
    if (deleted === 0) {
      yield* ownerExists({ organizationId: pruning.organizationId, projectId: null, productId: null })
    }
    return deleted
  })

  return { disableKey, enableKey, pruneKeys } satisfies Operations
})
