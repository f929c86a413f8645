import { Chunk, Clock, DateTime, Effect, Option, Stream } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import type { Page } from "../../domain/Page.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { StoreHealth } from "../../ports/StoreHealth.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { orNotFound, unlessAbsent } from "../tenants/entity.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import type { ApiKeysService, Health } from "./ApiKeysService.js"
import { decodeKeyFilter, decodeKeyId } from "./input.js"
import { makeOwnerExists } from "./owner.js"
import { readKeyPage } from "./page.js"

type Operations = Pick<ApiKeysService, "getKey" | "listKeys" | "allKeys" | "health">

/** Reads keys. */
export const makeReads = Effect.gen(function* () {
  const store = yield* KeyStore
  const codec = yield* MetadataCodec
  const uses = yield* UsageRecorder
  const ownerExists = yield* makeOwnerExists
  const { ping } = yield* StoreHealth

  /** As callers get it: with the uses that the store does not have yet. */
  const shown = (key: ApiKey) => codec.typedKey(uses.include(key))

  const getKey: Operations["getKey"] = Effect.fn("ApiKeys.getKey")(function* (input) {
    const id = yield* decodeKeyId(input)
    const key = yield* store.find(id).pipe(orNotFound("key", id))
    return yield* shown(key)
  })

  const listKeys: Operations["listKeys"] = Effect.fn("ApiKeys.listKeys")(function* (input) {
    const { cursor, limit, status, ...filter } = yield* decodeKeyFilter(input ?? {})
    const now = yield* DateTime.now
    const bound = [
      "keys",
      status,
      filter.organizationId,
      filter.projectId,
      filter.productId,
      millis(filter.lastUsedBefore),
      millis(filter.expiresBefore)
    ]
    if (filter.lastUsedBefore !== null) yield* uses.settled
    const page: Page<ApiKey> = yield* readKeyPage(bound, { cursor, limit }, (slice) =>
      store.list({ ...filter, status: status === "all" ? null : status, now }, slice)
    ).pipe(unlessAbsent(ownerExists(filter)))
    return { ...page, items: yield* Effect.forEach(page.items, shown) }
  })

  const allKeys: Operations["allKeys"] = (input) =>
    Stream.paginateChunkEffect(null as string | null, (cursor) =>
      // The first page says what is wrong with the input, which a copy of it would not.
      Effect.map(listKeys(cursor === null ? input : { ...input, cursor }), ({ items, nextCursor }) => [
        Chunk.unsafeFromArray(items),
        Option.fromNullable(nextCursor)
      ])
    )

  const health: Effect.Effect<Health> = Effect.gen(function* () {
    const started = yield* Clock.currentTimeNanos
    const answer = yield* Effect.either(ping)
    const latencyMillis = Number((yield* Clock.currentTimeNanos) - started) / 1e6
    return answer._tag === "Right"
      ? { healthy: true, latencyMillis, error: null }
      : { healthy: false, latencyMillis, error: answer.left }
  })

  return { getKey, listKeys, allKeys, health } satisfies Operations
})

const millis = (instant: DateTime.Utc | null): number | null => instant?.epochMillis ?? null
