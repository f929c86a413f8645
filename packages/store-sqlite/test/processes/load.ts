import {
  KeyId,
  Organization,
  OrganizationId,
  OrganizationName,
  type RateLimit,
  RateLimitStore,
  TenantStore,
  UsageStore
} from "@apikeys/core"
import { DateTime, Effect } from "effect"
import { SqliteStore } from "../../src/index.js"
import { watchLateness } from "./lateness.js"

export interface LoadInput {
  readonly filename: string
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
  /** Every error, by its tag and what it says of itself. */
  readonly errors: ReadonlyArray<string>
  /** The worst lateness of a timer, in milliseconds. */
  readonly worstLateness: number
  readonly elapsed: number
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

/** Charges, and counts a use for each call, whether it was admitted or not. */
const call = (keyId: KeyId, limit: RateLimit, number: () => number, writer: string) =>
  Effect.gen(function* () {
    const limits = yield* RateLimitStore
    const usage = yield* UsageStore
    const [outcome] = yield* limits.charge([{ keyId, limits: [limit], cost: 1 }])
    const lastUsedAt = yield* DateTime.now
    yield* usage.record({ writer, number: number(), uses: [{ keyId, count: 1, lastUsedAt }] })
    return outcome !== undefined && "allowed" in outcome && outcome.allowed
  })

/** What one process does to a file that it shares with others. */
export const load = (input: LoadInput): Effect.Effect<LoadResult, unknown> =>
  Effect.gen(function* () {
    const keyId = KeyId.make(input.keyId)
    const writer = crypto.randomUUID()
    let number = 0
    const watch = watchLateness()
    const began = performance.now()
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
    const elapsed = performance.now() - began
    const results = calls.flat()
    const refused = inserts.flatMap((insert) =>
      insert._tag === "Left" && insert.left._tag !== "AlreadyExistsError" ? [nameError(insert.left)] : []
    )
    const failed = results.flatMap((result) => (result._tag === "Left" ? [nameError(result.left)] : []))
    return {
      admitted: results.filter((result) => result._tag === "Right" && result.right).length,
      inserted: inserts.filter(({ _tag }) => _tag === "Right").length,
      errors: [...refused, ...failed],
      worstLateness: watch.stop(),
      elapsed
    }
  }).pipe(Effect.provide(SqliteStore.layer({ filename: input.filename, timeout: "20 seconds" })))
