import { assert } from "@effect/vitest"
import { type Context, Effect } from "effect"
import type { StoreError } from "../domain/Errors.js"
import type { KeyId } from "../domain/Ids.js"
import { type Ended, isUncharged, type Locked, RateLimitStore } from "../ports/RateLimitStore.js"
import { type UsageBatch, UsageStore, type UsageTotal } from "../ports/UsageStore.js"

/** In the time of the machine, whatever the clock of a test. */
const moment = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 1 + Math.random() * 4)))

/** Asks again for what was locked, until it is not, as the library does. */
const untilFree = <Request, Answer>(
  requests: ReadonlyArray<Request>,
  ask: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer | Locked>, StoreError>
): Effect.Effect<ReadonlyArray<Answer>, StoreError> =>
  Effect.flatMap(ask(requests), (answers) => {
    assert.strictEqual(answers.length, requests.length)
    const isLocked = (i: number) => (answers[i] as Partial<Locked>)._tag === "Locked"
    const locked = requests.filter((_, i) => isLocked(i))
    if (locked.length === 0) return Effect.succeed(answers as ReadonlyArray<Answer>)
    return Effect.map(Effect.zipRight(moment, untilFree(locked, ask)), (later) => {
      let next = 0
      return answers.map((answer, i) => (isLocked(i) ? later[next++] : answer) as Answer)
    })
  })

type Limits = Context.Tag.Service<RateLimitStore>

const good = <Answer extends object>(answers: ReadonlyArray<Answer | Ended>): ReadonlyArray<Answer> =>
  answers.map((answer) =>
    isUncharged(answer) ? assert.fail(`The key is ${JSON.stringify(answer)}`) : (answer as Answer)
  )

const patiently =
  <Request, Answer extends object>(
    ask: (requests: ReadonlyArray<Request>) => Effect.Effect<ReadonlyArray<Answer | Ended | Locked>, StoreError>
  ) =>
  (requests: ReadonlyArray<Request>) =>
    untilFree<Request, Answer | Ended>(requests, ask)

/** The store, asked until nothing is locked. */
export const patientLimits = Effect.map(RateLimitStore, ({ admit, charge, lease, refund, reset }: Limits) => ({
  charge: patiently(charge),
  admit: patiently(admit),
  lease: patiently(lease),
  refund,
  reset
}))

/**
 * A `RateLimitStore` of keys of which none has ended, asked until nothing is locked, as the library asks it.
 *
 * @since 0.1.0
 */
export const limitsOfGoodKeys = Effect.map(patientLimits, ({ admit, charge, lease, refund, reset }) => ({
  charge: (...args: Parameters<typeof charge>) => Effect.map(charge(...args), good),
  admit: (...args: Parameters<typeof admit>) => Effect.map(admit(...args), good),
  lease: (...args: Parameters<typeof lease>) => Effect.map(lease(...args), good),
  refund,
  reset
}))

/**
 * Records a batch of uses, and what it left out in further ones of other writers; gives the totals.
 *
 * @since 0.1.0
 */
export const recordPatiently = (
  batch: UsageBatch,
  attempt = 1
): Effect.Effect<ReadonlyMap<KeyId, UsageTotal>, StoreError, UsageStore> =>
  Effect.gen(function* () {
    const usage = yield* UsageStore
    const { locked, totals } = yield* usage.record(batch)
    const left = batch.uses.filter(({ keyId }) => locked.includes(keyId))
    if (left.length === 0) return totals
    yield* moment
    // Of a writer that is the same each time, so that it may all be repeated.
    const writer = attempt === 1 ? `${batch.writer}+${batch.number}` : batch.writer
    const further = { writer, number: attempt === 1 ? 1 : batch.number + 1, uses: left }
    const later = yield* recordPatiently(further, attempt + 1)
    return new Map([...totals, ...later])
  })
