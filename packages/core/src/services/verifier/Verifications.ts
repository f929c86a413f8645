import { Cause, type Clock, Effect, Encoding, Exit, FiberId, Redacted } from "effect"
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
import { type Caller, callback } from "./Caller.js"
import { asksForTenants, failedQuestion, failedStatus, noMembership } from "./checks.js"
import { CachedKey, type unknownKey } from "./KeyCache.js"
import type { KeyRecord } from "./KeyRecord.js"
import type { PresentedKey } from "./lookUp.js"
import { makeMembership } from "./membership.js"
import { makeRemember } from "./remember.js"
import { makeTelemetry } from "./Telemetry.js"
import { monotonicMillis, type Times, timesOf } from "./Times.js"
import type { Validation } from "./Validation.js"
import { VerificationCache } from "./VerificationCache.js"

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
  /** `later` for plain code, which is given an `Exit`, or an effect where there is more to do. */
  readonly begin: (
    plaintext: unknown,
    asked: Validation,
    clock: Clock.Clock,
    caller: Caller,
    resume: (answer: Effect.Effect<Verification, Refusal | StoreError>) => void
  ) => void
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
  const recall = (text: string, now: Times): CachedKey | typeof unknownKey | undefined => {
    if (!cache.isTrusted(now)) return undefined
    const own = cache.keys.get(hasher.fingerprint(text), now.monotonic)
    if (own !== undefined || !foreign.any || !foreign.accepts(text)) return own
    return cache.keys.get(fingerprintOf({ text, foreign: true }), now.monotonic)
  }

  /** What is remembered of to whom things belong; `null` where that is not known, or not to be trusted. */
  const rememberedMembership = (record: KeyRecord, asked: Validation, times: Times) =>
    cache.isTrusted(times) ? cache.facts.membership(record, asked, times.monotonic) : null

  /** The metadata of a key that is good for what is asked, at once; `null` where the store has to be asked. */
  const qualify = (record: KeyRecord, asked: Validation, times: Times): Metadata | Refusal | null => {
    const inactive = failedStatus(record, times.millis)
    if (inactive !== null) return inactive
    if (record.redigest !== null) return null
    const membership = asksForTenants(record, asked) ? rememberedMembership(record, asked, times) : noMembership
    if (membership === null) return null
    return failedQuestion(record, asked, membership) ?? metadata.typedNow(record.metadata)
  }

  /** The same of the verification. */
  const judge = (record: KeyRecord, asked: Validation, times: Times): Verification | Refusal | null => {
    const typed = qualify(record, asked, times)
    if (typed === null || isRefusal(typed)) return typed
    const admitted = admissions.now(record, costOf(asked, record), times)
    return admitted === null || admitted instanceof Error ? admitted : new Verification(record, typed, admitted)
  }

  const decide: Verifications["now"] = (plaintext, asked, clock) => {
    const text = textOf(plaintext)
    if (text === null) return new InvalidKeyError()
    const times = timesOf(clock)
    const found = recall(text, times)
    if (!(found instanceof CachedKey)) return found === undefined && parse(text) !== null ? null : new InvalidKeyError()
    telemetry.hits++
    return judge(found.record, asked, times)
  }

  const now: Verifications["now"] = (plaintext, asked, clock) => {
    const known = decide(plaintext, asked, clock)
    if (known !== null) telemetry.count(outcomeOfKnown(known))
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

  /** What `qualify` could not say: by way of the store. */
  const ask = (
    record: KeyRecord,
    asked: Validation,
    clock: Clock.Clock
  ): Effect.Effect<Verification, Refusal | StoreError> => {
    const admit = (typed: Metadata) =>
      Effect.map(
        callback<Admitted, Refusal | StoreError>((caller, resume) =>
          admissions.begin(record, costOf(asked, record), caller, clock, resume)
        ),
        (admitted) => new Verification(record, typed, admitted)
      )
    const admitted = Effect.flatMap(
      membershipOf(record, asked),
      (membership): Effect.Effect<Verification, Refusal | StoreError> => {
        const refusal = failedQuestion(record, asked, membership)
        return refusal === null ? Effect.flatMap(metadata.typed(record.metadata), admit) : Effect.fail(refusal)
      }
    )
    return record.redigest === null ? admitted : Effect.tap(admitted, () => redigest(record))
  }

  const count = (outcome: string, began: number, now: number): void => {
    telemetry.took(now - began)
    telemetry.count(outcome)
  }

  /** A call that went to the store, from where it began to where it ends. */
  const makeEnding = (began: number, clock: Clock.Clock, caller: Caller, resume: Resume) => {
    const end = (answer: Effect.Effect<Verification, Refusal | StoreError>): void => {
      // Nobody waits for what else there may be to do.
      if (caller.isGone) return count("interrupted", began, monotonicMillis(clock))
      if (Exit.isExit(answer)) {
        const exit = answer as Exit.Exit<Verification, Refusal | StoreError>
        count(outcomeOf(exit), began, monotonicMillis(clock))
        return resume(exit)
      }
      const counted = (exit: Exit.Exit<Verification, Refusal | StoreError>) =>
        Effect.sync(() => count(outcomeOf(exit), began, monotonicMillis(clock)))
      resume(Effect.onExit(answer, counted))
    }
    /** Plain code that is called back must not throw: that would take those with it who are called after. */
    const safely = (run: () => void): void => {
      try {
        run()
      } catch (defect) {
        end(Exit.die(defect))
      }
    }
    return { end, safely }
  }

  /** From a key that was found to the end. */
  const conclude = (
    record: KeyRecord,
    asked: Validation,
    clock: Clock.Clock,
    caller: Caller,
    { end, safely }: ReturnType<typeof makeEnding>
  ): void => {
    const times = timesOf(clock)
    const typed = qualify(record, asked, times)
    if (typed === null) return end(ask(record, asked, clock))
    if (isRefusal(typed)) return end(Exit.fail(typed))
    const cost = costOf(asked, record)
    const verification = (admitted: Admitted) => new Verification(record, typed, admitted)
    const admitted = admissions.now(record, cost, times)
    if (admitted !== null) {
      return end(admitted instanceof Error ? Exit.fail(admitted) : Exit.succeed(verification(admitted)))
    }
    admissions.begin(record, cost, caller, clock, (answer) =>
      safely(() =>
        end(
          Exit.isExit(answer)
            ? Exit.map(answer as Exit.Exit<Admitted, Refusal | StoreError>, verification)
            : Effect.map(answer, verification)
        )
      )
    )
  }

  const begin: Verifications["begin"] = (plaintext, asked, clock, caller, resume) => {
    const times = timesOf(clock)
    const ending = makeEnding(times.monotonic, clock, caller, resume)
    const text = textOf(plaintext)
    const presented = text === null ? null : parse(text)
    if (presented === null) return ending.end(Exit.fail(new InvalidKeyError()))
    const fingerprint = cache.enabled ? fingerprintOf(presented) : ""
    const known = cache.isTrusted(times) ? cache.keys.get(fingerprint, times.monotonic) : undefined
    if (known instanceof CachedKey) return ending.safely(() => conclude(known.record, asked, clock, caller, ending))
    telemetry.misses++
    remember(fingerprint, presented, caller, clock, (found) =>
      ending.safely(() => {
        // Nobody is charged for an answer that nobody waits for.
        if (Exit.isFailure(found) || caller.isGone) return ending.end(Exit.failCause(causeOf(found)))
        conclude(found.value, asked, clock, caller, ending)
      })
    )
  }

  const later: Verifications["later"] = (plaintext, asked, clock) =>
    callback((caller, resume) => begin(plaintext, asked, clock, caller, resume))

  return { now, later, begin } satisfies Verifications
})

type Resume = Parameters<Verifications["begin"]>[4]

/** Of a look-up that failed, or that nobody waits for any more. */
const causeOf = <E>(found: Exit.Exit<KeyRecord, E>): Cause.Cause<E> =>
  Exit.isFailure(found) ? found.cause : Cause.interrupt(FiberId.none)

const isRefusal = (typed: Metadata | Refusal): typed is Refusal => typed instanceof Error

const outcomeOfKnown = (known: Verification | Refusal): string =>
  known instanceof Verification ? "passed" : known._tag

const outcomeOf = (exit: Exit.Exit<unknown, Refusal | StoreError>): string => {
  if (Exit.isSuccess(exit)) return "passed"
  if (exit.cause._tag === "Fail") return exit.cause.error._tag
  return Exit.isInterrupted(exit) ? "interrupted" : "defect"
}
