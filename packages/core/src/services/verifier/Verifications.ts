import { Cause, type Clock, Effect, Encoding, Exit, FiberId, Redacted } from "effect"
import { type InvalidInputError, InvalidKeyError, type QuotaError, type StoreError } from "../../domain/Errors.js"
import { isWellFormed, maxLength } from "../../domain/KeyToken.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { RateLimitStatus } from "../../domain/RateLimitStatus.js"
import { KeyHasher } from "../../ports/KeyHasher.js"
import { KeyStore } from "../../ports/KeyStore.js"
import { StoreHealth } from "../../ports/StoreHealth.js"
import { deadlineOf } from "../Deadline.js"
import { MetadataCodec } from "../MetadataCodec.js"
import { Settings } from "../Settings.js"
import { type Admitted, makeAdmissions } from "./Admissions.js"
import { type Caller, callback } from "./Caller.js"
import { asksForTenants, failedQuestion, failedStatus, noMembership } from "./checks.js"
import { type Ending, makeEndings } from "./Ending.js"
import { CachedKey, type unknownKey } from "./KeyCache.js"
import type { KeyRecord } from "./KeyRecord.js"
import type { PresentedKey } from "./lookUp.js"
import { type Known, makeRemember } from "./remember.js"
import { makeStanding, type Presentation, type Refused } from "./Standing.js"
import { makeTelemetry } from "./Telemetry.js"
import { type Times, timesOf } from "./Times.js"
import type { Validation } from "./Validation.js"
import { VerificationCache } from "./VerificationCache.js"

/** Why a call is refused. */
export type Refusal = Refused | QuotaError | InvalidInputError

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

type Answer = Effect.Effect<Verification, Refusal | StoreError>

type CallEnding = Ending<Verification, Refusal | StoreError>

/** How long a call whose key is good waits for the digest of the key to be made anew. */
const redigestMillis = 250

/** Form, digest, status; then what is asked; then what it costs, so that a call which is refused costs nothing. */
export const makeVerifications = Effect.gen(function* () {
  const { foreign, heads } = yield* Settings
  const store = yield* KeyStore
  const hasher = yield* KeyHasher
  const metadata = yield* MetadataCodec
  const cache = yield* VerificationCache
  const remember = yield* makeRemember
  const standing = yield* makeStanding(remember)
  const admissions = yield* makeAdmissions
  const telemetry = yield* makeTelemetry
  const endingOf = makeEndings(telemetry, (yield* StoreHealth).timeoutMillis)

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
    const again = Effect.sync(() => {
      record.redigest = due
    })
    // What was given up may still be under way: none is begun beside it.
    const written = Effect.onError(store.redigest(due.from, due.to), () => again)
    return Effect.suspend(() => Effect.ignore(deadlineOf("KeyStore.redigest", redigestMillis).keep(written)))
  }

  /** What `qualify` could not say: by way of the store. */
  const ask = (known: Known, presentation: Presentation): Answer => {
    const { record } = known
    const { asked, clock } = presentation
    const confirm = () => standing.confirm(known, presentation)
    const candidate = { record, cost: costOf(asked, record), confirm }
    const admit = (typed: Metadata) =>
      Effect.map(
        callback<Admitted, Refusal | StoreError>((caller, resume) =>
          admissions.begin(candidate, caller, clock, resume)
        ),
        (admitted) => new Verification(record, typed, admitted)
      )
    const typed = Effect.zipRight(
      standing.qualified(record, presentation),
      Effect.suspend(() => metadata.typed(record.metadata))
    )
    const admitted: Answer = Effect.flatMap(typed, admit)
    if (record.redigest === null) return admitted
    return Effect.tap(admitted, () =>
      Effect.zipRight(
        redigest(record),
        Effect.suspend(() => confirm() ?? Effect.void)
      )
    )
  }

  /** From a key that was found to the end. */
  const conclude = (known: Known, presentation: Presentation, { caller, end, safely }: CallEnding): void => {
    const { record } = known
    const { asked, clock } = presentation
    const times = timesOf(clock)
    const typed = qualify(record, asked, times)
    if (typed === null) return end(ask(known, presentation))
    if (isRefusal(typed)) return end(Exit.fail(typed))
    // What took too long to be looked up is looked up again before it is charged.
    if (!standing.isCurrent(known, presentation)) {
      return end(Effect.flatMap(standing.renewed(presentation), (fresh) => ask(fresh, presentation)))
    }
    const confirm = () => standing.confirm(known, presentation)
    const cost = costOf(asked, record)
    const verification = (admitted: Admitted) => new Verification(record, typed, admitted)
    const admitted = admissions.now(record, cost, times)
    if (admitted !== null) {
      return end(admitted instanceof Error ? Exit.fail(admitted) : Exit.succeed(verification(admitted)))
    }
    admissions.begin({ record, cost, confirm }, caller, clock, (answer) =>
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
    const ending = endingOf<Verification, Refusal>(clock, caller, resume)
    const text = textOf(plaintext)
    const presented = text === null ? null : parse(text)
    if (presented === null) return ending.end(Exit.fail(new InvalidKeyError()))
    const fingerprint = cache.enabled ? fingerprintOf(presented) : ""
    const presentation = { fingerprint, presented, asked, clock }
    const times = timesOf(clock)
    const known = cache.isTrusted(times) ? cache.keys.get(fingerprint, times.monotonic) : undefined
    if (known instanceof CachedKey) {
      const basis = cache.basisAt(cache.confirmedAt(), times)
      return ending.safely(() => conclude({ record: known.record, basis }, presentation, ending))
    }
    telemetry.misses++
    remember(fingerprint, presented, ending.caller, clock, (found) =>
      ending.safely(() => {
        // Nobody is charged for an answer that nobody waits for.
        if (Exit.isFailure(found) || ending.caller.isGone) return ending.end(Exit.failCause(causeOf(found)))
        conclude(found.value, presentation, ending)
      })
    )
  }

  const later: Verifications["later"] = (plaintext, asked, clock) =>
    callback((caller, resume) => begin(plaintext, asked, clock, caller, resume))

  return { now, later, begin } satisfies Verifications
})

/** Of a look-up that failed, or that nobody waits for any more. */
const causeOf = <E>(found: Exit.Exit<Known, E>): Cause.Cause<E> =>
  Exit.isFailure(found) ? found.cause : Cause.interrupt(FiberId.none)

const isRefusal = (typed: Metadata | Refusal): typed is Refusal => typed instanceof Error

const outcomeOfKnown = (known: Verification | Refusal): string =>
  known instanceof Verification ? "passed" : known._tag
