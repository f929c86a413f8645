import {
  KeyId,
  Organization,
  OrganizationId,
  OrganizationName,
  type RateLimit,
  RateLimitStore,
  type StorePorts,
  TenantStore,
  UsageStore
} from "@apikeys/core"
import { DateTime, Effect } from "effect"

export interface LoadInput {
  readonly url: string
  readonly keyId: string
  readonly limit: RateLimit
  readonly organizationName: string
  readonly fibers: number
  readonly callsPerFiber: number
}

export interface LoadResult {
  readonly admitted: number
  /** How many inserts of the organization's name this process won. */
  readonly inserted: number
  /** Every id that the others were told has the name. */
  readonly holders: ReadonlyArray<string>
  /** Every other error, by its tag and what it says of itself. */
  readonly errors: ReadonlyArray<string>
}

const range = (length: number) => Array.from({ length }, (_, i) => i)

const nameError = (error: { readonly _tag: string; readonly reason?: string }) => `${error._tag} ${error.reason ?? ""}`

const insertOrganization = (name: string) =>
  Effect.gen(function* () {
    const tenants = yield* TenantStore
    const organization = new Organization({
      id: OrganizationId.make(crypto.randomUUID()),
      name: OrganizationName.make(name),
      createdAt: yield* DateTime.now
    })
    return yield* Effect.either(tenants.insertOrganization(organization))
  })

/** One call of a process goes at a time, as the library's batches do: its fibers need not lock out one another. */
const alone = Effect.unsafeMakeSemaphore(1)

/** What another process has locked is tried again, as the library does. */
const untilFree = <A, E, R>(effect: Effect.Effect<A, E, R>, isLocked: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.flatMap(effect, (value) =>
    isLocked(value)
      ? Effect.zipRight(Effect.sleep(1 + Math.random() * 4), untilFree(effect, isLocked))
      : Effect.succeed(value)
  )

/** Charges, and counts a use for each call, whether it was admitted or not. */
const call = (keyId: KeyId, limit: RateLimit, number: () => number, writer: string) =>
  Effect.gen(function* () {
    const limits = yield* RateLimitStore
    const usage = yield* UsageStore
    const charge = Effect.map(limits.charge([{ keyId, limits: [limit], cost: 1 }]), ([outcome]) => outcome)
    const outcome = yield* alone.withPermits(1)(untilFree(charge, (answer) => answer !== undefined && "_tag" in answer))
    const lastUsedAt = yield* DateTime.now
    const record = Effect.suspend(() =>
      usage.record({ writer, number: number(), uses: [{ keyId, count: 1, lastUsedAt }] })
    )
    yield* alone.withPermits(1)(untilFree(record, ({ locked }) => locked.length > 0))
    return outcome !== undefined && "allowed" in outcome && outcome.allowed
  })

/** What one process does to a database that it shares with others. */
export const load = (input: LoadInput): Effect.Effect<LoadResult, unknown, StorePorts> =>
  Effect.gen(function* () {
    const keyId = KeyId.make(input.keyId)
    const writer = crypto.randomUUID()
    let number = 0
    const inserts = yield* Effect.forEach(range(50), () => insertOrganization(input.organizationName), {
      concurrency: "unbounded"
    })
    const calls = yield* Effect.forEach(
      range(input.fibers),
      () =>
        Effect.forEach(range(input.callsPerFiber), () =>
          Effect.either(call(keyId, input.limit, () => ++number, writer))
        ),
      { concurrency: "unbounded" }
    )
    const results = calls.flat()
    const refusals = inserts.flatMap((insert) => (insert._tag === "Left" ? [insert.left] : []))
    const refused = refusals.flatMap((error) => (error._tag === "AlreadyExistsError" ? [] : [nameError(error)]))
    const failed = results.flatMap((result) => (result._tag === "Left" ? [nameError(result.left)] : []))
    return {
      admitted: results.filter((result) => result._tag === "Right" && result.right).length,
      inserted: inserts.filter(({ _tag }) => _tag === "Right").length,
      holders: refusals.flatMap((error) => (error._tag === "AlreadyExistsError" ? [error.existingId] : [])),
      errors: [...refused, ...failed]
    }
  })
