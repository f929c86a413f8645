import { type Clock, Effect, Exit } from "effect"
import type {
  AuthenticationError,
  InsufficientScopeError,
  KeyNotAllowedError,
  StoreError
} from "../../domain/Errors.js"
import { callback } from "./Caller.js"
import { asksForTenants, failedQuestion, failedStatus } from "./checks.js"
import type { KeyRecord } from "./KeyRecord.js"
import type { PresentedKey } from "./lookUp.js"
import { makeMembership } from "./membership.js"
import type { Known, Remember } from "./remember.js"
import { timesOf } from "./Times.js"
import type { Validation } from "./Validation.js"
import { VerificationCache } from "./VerificationCache.js"

/** Why a key is not good for a call, whatever the call costs. */
export type Refused = AuthenticationError | KeyNotAllowedError | InsufficientScopeError

/** A call, and how to look up again what it presents. */
export interface Presentation {
  readonly fingerprint: string
  readonly presented: PresentedKey
  readonly asked: Validation
  readonly clock: Clock.Clock
}

/** Fails where the key is no longer good for the call; `null` where it surely is. */
export type Confirm = () => Effect.Effect<void, Refused | StoreError> | null

/**
 * Whether a key is good for a call that had to wait: for the store, for a lock, for others. What it was decided by may be
 * older than the second after which a change is obeyed, so it is looked at again before the call ends.
 */
export const makeStanding = (remember: Remember) =>
  Effect.gen(function* () {
    const cache = yield* VerificationCache
    const membershipOf = yield* makeMembership

    /** Of a key that was just read. */
    const qualified = (record: KeyRecord, { asked, clock }: Presentation): Effect.Effect<void, Refused | StoreError> =>
      Effect.suspend((): Effect.Effect<void, Refused | StoreError> => {
        const inactive = failedStatus(record, clock.unsafeCurrentTimeMillis())
        if (inactive !== null) return Effect.fail(inactive)
        return Effect.flatMap(membershipOf(record, asked), (membership) => {
          const refusal = failedQuestion(record, asked, membership)
          return refusal === null ? Effect.void : Effect.fail(refusal)
        })
      })

    const isCurrent = ({ basis, record }: Known, { asked, clock }: Presentation): boolean =>
      cache.isCurrent(record, basis, timesOf(clock)) &&
      (basis.tenants === cache.facts.generation || !asksForTenants(record, asked))

    const lookUpAgain = (presentation: Presentation) =>
      callback<Known, AuthenticationError | StoreError>((caller, resume) =>
        remember(presentation.fingerprint, presentation.presented, caller, presentation.clock, resume)
      )

    /** Reads again for as long as what was read is out of date once it is there. */
    const renewed = (presentation: Presentation): Effect.Effect<Known, Refused | StoreError> =>
      Effect.flatMap(lookUpAgain(presentation), (known) =>
        Effect.zipRight(
          qualified(known.record, presentation),
          Effect.suspend(() => (isCurrent(known, presentation) ? Effect.succeed(known) : renewed(presentation)))
        )
      )

    const confirm = (known: Known, presentation: Presentation): ReturnType<Confirm> => {
      if (!isCurrent(known, presentation)) return Effect.asVoid(renewed(presentation))
      const ended = failedStatus(known.record, presentation.clock.unsafeCurrentTimeMillis())
      return ended === null ? null : Exit.fail(ended)
    }

    return { qualified, isCurrent, renewed, confirm }
  })
