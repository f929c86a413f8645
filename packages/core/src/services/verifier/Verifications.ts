import { type Clock, Effect, Encoding, Exit, Redacted } from "effect"
import {
  type AuthenticationError,
  type InsufficientScopeError,
  type InvalidInputError,
  InvalidKeyError,
  type KeyNotAllowedError,
  type QuotaError,
  type StoreError
} from "../../domain/Errors.js"
import { isWellFormed, maxLength } from "../../domain/KeyToken.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { type Admitted, makeAdmissions } from "./Admissions.js"
import { asksForTenants, failedQuestion, failedStatus, noMembership } from "./checks.js"
import { CachedKey, type unknownKey } from "./KeyCache.js"
import type { KeyRecord } from "./KeyRecord.js"
import type { PresentedKey } from "./lookUp.js"
import { makeMembership } from "./membership.js"
import { makeRemember } from "./remember.js"
import { makeTelemetry } from "./Telemetry.js"
import type { Validation } from "./Validation.js"
import { monotonicMillis, VerificationCache } from "./VerificationCache.js"

/** Why a call is refused. */
export type Refusal = AuthenticationError | KeyNotAllowedError | InsufficientScopeError | QuotaError | InvalidInputError

/** A key that proved itself, in the form of which each face makes its own. */
export class Verification {
  readonly record: KeyRecord
  readonly metadata: Metadata
  readonly useCount: number
  readonly lastUsedAt: number | null
  readonly limits: ReadonlyArray<RateLimitStatus>

  constructor(record: KeyRecord, metadata: Metadata, { lastUsedAt, limits, useCount }: Admitted) {
    this.record = record
    this.metadata = metadata
    this.useCount = useCount
    this.lastUsedAt = lastUsedAt
    this.limits = limits
  }
}

/** How a key is verified: at once where all that is needed is in memory, by way of the store otherwise. */
export interface Verifications {
  /** Plain code, without a fiber. `null` where the store has to be asked: then nothing was charged or counted. */
  readonly now: (plaintext: unknown, asked: Validation, clock: Clock.Clock) => Verification | Refusal | null
  readonly later: (
    plaintext: unknown,
    asked: Validation,
    clock: Clock.Clock
  ) => Effect.Effect<Verification, Refusal | StoreError>
}

const costOf = ({ checkRateLimit, cost, trackUsage }: Validation, record: KeyRecord) => ({
  charges: checkRateLimit && record.rateLimits.length > 0,
  counts: trackUsage && cost > 0,
  cost
})

/** Form, digest, status; then what is asked; then what it costs, so that a call which is refused costs nothing. */
export const makeVerifications = Effect.gen(function* () {
  const { foreign, heads } = yield* Settings
  const store = yield* KeyStore
  const hasher = yield* KeyHasher
  const metadata = yield* MetadataCodec
  const cache = yield* VerificationCache
  const remember = yield* makeRemember
  const membershipOf = yield* makeMembership
  const admissions = yield* makeAdmissions
  const telemetry = yield* makeTelemetry

  /** What is long is refused before it is hashed. */
  const textOf = (plaintext: unknown): string | null => {
    const text = Redacted.isRedacted(plaintext) ? Redacted.value(plaintext) : plaintext
    return typeof text === "string" && text.length <= maxLength ? text : null
  }

  /** A text of a form that is accepted, or nothing: no store is asked about anything else. */
  const parse = (text: string): PresentedKey | null => {
    if (isWellFormed(text, heads)) return { text, foreign: false }
    return foreign.accepts(text) ? { text, foreign: true } : null
  }

  /** Nobody knows how random a foreign key is: it is remembered under its HMAC, which is of another length. */
  const fingerprintOf = ({ foreign, text }: PresentedKey): string =>
    foreign ? Encoding.encodeHex(hasher.digest(text).bytes) : hasher.fingerprint(text)

  /** What is remembered had the form of a key once, and has it still. */
  const recall = (text: string, at: number): CachedKey | typeof unknownKey | undefined => {
    if (!cache.isTrusted(at)) return undefined
    const own = cache.keys.get(hasher.fingerprint(text), at)
    if (own !== undefined || !foreign.any || !foreign.accepts(text)) return own
    return cache.keys.get(fingerprintOf({ text, foreign: true }), at)
  }

  const decide: Verifications["now"] = (plaintext, asked, clock) => {
    const text = textOf(plaintext)
    if (text === null) return new InvalidKeyError()
    const at = monotonicMillis(clock)
    const found = recall(text, at)
    if (!(found instanceof CachedKey)) return found === undefined && parse(text) !== null ? null : new InvalidKeyError()
    telemetry.hits++
    const { record } = found
    const times = { millis: clock.unsafeCurrentTimeMillis(), monotonic: at }
    const inactive = failedStatus(record, times.millis)
    if (inactive !== null) return inactive
    if (record.redigest !== null) return null
    const membership = asksForTenants(record, asked) ? cache.facts.membership(record, asked, at) : noMembership
    if (membership === null) return null
    const refusal = failedQuestion(record, asked, membership)
    if (refusal !== null) return refusal
    const typed = metadata.typedNow(record.metadata)
    if (typed === null) return null
    const admitted = admissions.now(record, costOf(asked, record), times)
    return admitted === null || admitted instanceof Error ? admitted : new Verification(record, typed, admitted)
  }

  const now: Verifications["now"] = (plaintext, asked, clock) => {
    const known = decide(plaintext, asked, clock)
    if (known !== null) telemetry.count(known instanceof Verification ? "passed" : known._tag)
    return known
  }

  /**
   * Makes the digest of a key anew, where a previous secret or none made it: once it was used, since others may only
   * guess. The key is good already, so that a store which cannot write now is no reason to refuse it: the next use tries
   * again.
   */
  const redigest = (record: KeyRecord): Effect.Effect<void> => {
    const due = record.redigest
    if (due === null) return Effect.void
    record.redigest = null
    return Effect.catchAll(Effect.asVoid(store.redigest(due.from, due.to)), () =>
      Effect.sync(() => {
        record.redigest = due
      })
    )
  }

  const ask = Effect.fnUntraced(function* (
    plaintext: unknown,
    asked: Validation,
    clock: Clock.Clock
  ): Effect.fn.Return<Verification, Refusal | StoreError> {
    const text = textOf(plaintext)
    const presented = text === null ? null : parse(text)
    if (presented === null) return yield* new InvalidKeyError()
    const fingerprint = fingerprintOf(presented)
    const at = monotonicMillis(clock)
    const known = cache.isTrusted(at) ? cache.keys.get(fingerprint, at) : undefined
    if (!(known instanceof CachedKey)) telemetry.misses++
    const record = known instanceof CachedKey ? known.record : yield* remember(fingerprint, presented, clock)
    const inactive = failedStatus(record, clock.unsafeCurrentTimeMillis())
    if (inactive !== null) return yield* inactive
    const refusal = failedQuestion(record, asked, yield* membershipOf(record, asked))
    if (refusal !== null) return yield* refusal
    const typed = yield* metadata.typed(record.metadata)
    const admitted = yield* admissions.later(record, costOf(asked, record))
    yield* redigest(record)
    return new Verification(record, typed, admitted)
  })

  const later: Verifications["later"] = (plaintext, asked, clock) =>
    Effect.suspend(() => {
      const began = monotonicMillis(clock)
      return Effect.onExit(ask(plaintext, asked, clock), (exit) =>
        Effect.sync(() => {
          telemetry.took(began, clock)
          telemetry.count(outcomeOf(exit))
        })
      )
    })

  return { now, later } satisfies Verifications
})

const outcomeOf = (exit: Exit.Exit<unknown, Refusal | StoreError>): string => {
  if (Exit.isSuccess(exit)) return "passed"
  if (exit.cause._tag === "Fail") return exit.cause.error._tag
  return Exit.isInterrupted(exit) ? "interrupted" : "defect"
}
