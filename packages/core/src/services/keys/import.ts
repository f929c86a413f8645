import { Chunk, DateTime, Effect, Either, Schedule, Stream } from "effect"
import { ApiKey } from "../../domain/ApiKey.js"
import { type InvalidInputError, KeyConflictError, NotFoundError, type StoreError } from "../../domain/Errors.js"
import type { KeyId } from "../../domain/Ids.js"
import { invalidInput } from "../../domain/Input.js"
import type { Instant } from "../../domain/Instant.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { KeyImport, KeyImportOutcome } from "../../ports/KeyImport.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { orNotFound } from "../tenants/entity.js"
import { UsageRecorder } from "../verifier/UsageRecorder.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import type { ApiKeysService } from "./ApiKeysService.js"
import { type Kept, makeDigestion } from "./digestion.js"
import type { ImportProgress, RefusedImport } from "./ImportKeys.js"
import { decodeBulkOptions, decodeImport, decodeImportOptions } from "./importInput.js"
import type { ImportFields } from "./plainImport.js"

type Operations = Pick<ApiKeysService, "importKey" | "importKeys">

/** A key that breaks no rule by itself. */
interface Prepared extends KeyImport {
  /** The id that the caller gave it, if any. */
  readonly givenId: KeyId | null
  /** Where the caller told the secret. */
  readonly secretPath: "digest" | "plaintext"
}

type Refusal = InvalidInputError | KeyConflictError | NotFoundError

/** What became of a key that was not refused. */
interface Taken {
  readonly created: boolean
  readonly keyId: KeyId
}

const judge = ({ givenId, key }: Prepared, outcome: KeyImportOutcome): Either.Either<Taken, Refusal> => {
  switch (outcome._tag) {
    case "Inserted":
      return Either.right({ created: true, keyId: key.id })
    case "Existing":
      return givenId === null || givenId === outcome.keyId
        ? Either.right({ created: false, keyId: outcome.keyId })
        : Either.left(new KeyConflictError({ field: "digest" }))
    case "OtherDigest":
      // An id that was made of the digest is proof enough: the key was given another secret since.
      return givenId === null || outcome.renewed
        ? Either.right({ created: false, keyId: outcome.keyId })
        : Either.left(new KeyConflictError({ field: "id" }))
    case "Taken":
      return Either.left(new KeyConflictError({ field: outcome.field }))
    case "Absent":
      return Either.left(new NotFoundError({ entity: outcome.entity, id: key[`${outcome.entity}Id`] }))
    case "NotLinked":
      return Either.left(invalidInput("productId", "is not linked to the project"))
  }
}

const issuesOf = (refusal: Refusal, secretPath: Prepared["secretPath"]): RefusedImport["issues"] => {
  switch (refusal._tag) {
    case "InvalidInputError":
      return refusal.issues
    case "KeyConflictError":
      return [{ path: refusal.field === "id" ? "id" : secretPath, rule: "is held by another key" }]
    case "NotFoundError":
      return [{ path: `${refusal.entity}Id`, rule: "is not there" }]
  }
}

/** What a caller gave for an id, where it is one: it is told back. */
const idIn = (input: unknown): string | null => {
  if (typeof input !== "object" || input === null || !("id" in input) || typeof input.id !== "string") return null
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(input.id) ? input.id.toLowerCase() : null
}

/** A batch may be repeated: what a lost answer inserted exists then. */
const retried = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
  Effect.retry(effect, {
    schedule: Schedule.exponential("50 millis"),
    times: 4,
    while: ({ retryable }) => retryable
  })

const nothingYet: ImportProgress = { imported: 0, existing: 0, refused: 0 }

/** Takes over keys that were issued elsewhere. */
export const makeImports = Effect.gen(function* () {
  const store = yield* KeyStore
  const codec = yield* MetadataCodec
  const { adding } = yield* VerificationCache
  const uses = yield* UsageRecorder
  const { digestOf, idsOf } = yield* makeDigestion

  const toPrepared = (fields: ImportFields, kept: Kept, metadata: Metadata, now: Instant): Prepared => {
    const [id, ...otherIds] = fields.id === null ? idsOf(fields.organizationId, kept) : [fields.id]
    const key = new ApiKey(
      {
        id,
        organizationId: fields.organizationId,
        projectId: fields.projectId,
        productId: fields.productId,
        name: fields.name,
        hint: kept.hint,
        scopes: fields.scopes,
        rateLimits: fields.rateLimits,
        metadata,
        expiresAt: fields.expiresAt,
        revokedAt: fields.revokedAt,
        revokedReason: fields.revokedReason,
        disabledAt: null,
        disabledReason: null,
        useCount: fields.useCount,
        lastUsedAt: fields.lastUsedAt,
        createdAt: fields.createdAt ?? now,
        updatedAt: now
      },
      // Each field was just decoded.
      true
    )
    const { digest, otherDigests } = kept
    const secretPath = fields.digest === null ? "plaintext" : "digest"
    return { key, digest, otherDigests, otherIds, givenId: fields.id, secretPath }
  }

  /** At once for nearly every key: an effect for each of a million takes longer than what it does. */
  const prepare = (
    input: unknown,
    now: Instant,
    refuseWildcards: boolean
  ): Either.Either<Prepared, InvalidInputError> | Effect.Effect<Prepared, InvalidInputError> => {
    const decoded = decodeImport(input, refuseWildcards)
    if (Either.isLeft(decoded)) return Either.left(decoded.left)
    const fields = decoded.right
    const kept = digestOf(fields)
    if (Either.isLeft(kept)) return Either.left(kept.left)
    const given = fields.metadata ?? {}
    const metadata = codec.encodeNow(given)
    return metadata === null
      ? Effect.map(codec.encode(given), (encoded) => toPrepared(fields, kept.right, encoded, now))
      : Either.right(toPrepared(fields, kept.right, metadata, now))
  }

  const importKey: Operations["importKey"] = Effect.fn("ApiKeys.importKey")(function* (input, options) {
    const { wildcards } = yield* decodeImportOptions(options ?? {})
    const prepared = yield* prepare(input, yield* DateTime.now, wildcards === "refuse")
    const [outcome] = yield* adding(store.insertMany([prepared]))
    if (outcome === undefined) return yield* Effect.dieMessage("KeyStore.insertMany told of no key")
    const { created, keyId } = yield* judge(prepared, outcome)
    const key = created ? prepared.key : yield* store.find(keyId).pipe(orNotFound("key", keyId))
    return { key: yield* codec.typedKey(uses.include(key)), created }
  })

  const prepareBatch = Effect.fnUntraced(function* (inputs: ReadonlyArray<unknown>, refuseWildcards: boolean) {
    const now = yield* DateTime.now
    const prepared: Array<Either.Either<Prepared, InvalidInputError>> = []
    for (const input of inputs) {
      const one = prepare(input, now, refuseWildcards)
      prepared.push(Either.isEither(one) ? one : yield* Effect.either(one))
    }
    return { inputs, prepared }
  })

  /** Inserts one batch, and tells what became of all so far. */
  const insertBatch = Effect.fnUntraced(function* (
    { inputs, prepared }: Effect.Effect.Success<ReturnType<typeof prepareBatch>>,
    before: ImportProgress
  ) {
    const good = prepared.flatMap((each) => (Either.isRight(each) ? [each.right] : []))
    const outcomes = good.length === 0 ? [] : yield* retried(adding(store.insertMany(good)))
    const first = before.imported + before.existing + before.refused
    const told = outcomes[Symbol.iterator]()
    const refused: Array<RefusedImport> = []
    const progress = { ...before }
    const refuse = (index: number, issues: RefusedImport["issues"]) => {
      progress.refused++
      refused.push({ index: first + index, id: idIn(inputs[index]), issues })
    }
    for (const [index, each] of prepared.entries()) {
      if (Either.isLeft(each)) {
        refuse(index, each.left.issues)
        continue
      }
      const outcome: KeyImportOutcome | undefined = told.next().value
      if (outcome === undefined) return yield* Effect.dieMessage("KeyStore.insertMany told of too few keys")
      const verdict = judge(each.right, outcome)
      if (Either.isLeft(verdict)) refuse(index, issuesOf(verdict.left, each.right.secretPath))
      else if (!verdict.right.created) progress.existing++
      else progress.imported++
    }
    return { progress: progress as ImportProgress, refused }
  })

  const importKeys: Operations["importKeys"] = Effect.fn("ApiKeys.importKeys")(function* (source, options) {
    const { batchSize, wildcards } = yield* decodeBulkOptions(options ?? {})
    const onRefused = options?.onRefused ?? (() => Effect.void)
    const onProgress = options?.onProgress ?? (() => Effect.void)
    const batches = Stream.chunks(Stream.rechunk(source, batchSize)).pipe(
      Stream.mapEffect((batch) => prepareBatch(Chunk.toReadonlyArray(batch), wildcards === "refuse")),
      // One batch is prepared while the store inserts the one before.
      Stream.buffer({ capacity: 1 })
    )
    return yield* Stream.runFoldEffect(batches, nothingYet, (before, batch) =>
      Effect.gen(function* () {
        const { progress, refused } = yield* insertBatch(batch, before)
        yield* Effect.forEach(refused, onRefused, { discard: true })
        yield* onProgress(progress)
        return progress
      })
    )
  })

  return { importKey, importKeys } satisfies Operations
})
