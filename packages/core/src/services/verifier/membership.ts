import { Effect, Option } from "effect"
import { type AccessTarget, linksInQuestion, type Membership, ownersInQuestion } from "../../domain/Access.js"
import type { ApiKey } from "../../domain/ApiKey.js"
import type { StoreError } from "../../domain/Errors.js"
import { TenantStore } from "../../ports/TenantStore.js"
import { asksForTenants, noMembership } from "./checks.js"
import type { KeyRecord } from "./KeyRecord.js"
import { monotonicMillis, timesOf } from "./Times.js"
import { VerificationCache } from "./VerificationCache.js"

/** To whom what a call asks for belongs: what is remembered of it, else what the store says. */
export const makeMembership = Effect.gen(function* () {
  const tenants = yield* TenantStore
  const { enabled, facts, isTrusted } = yield* VerificationCache

  const read = (key: KeyRecord, target: AccessTarget): Effect.Effect<Membership, StoreError> => {
    const links = linksInQuestion(key, target)
    const { productId, projectId } = ownersInQuestion(key, target)
    const owner = Option.match({
      onNone: () => null,
      onSome: ({ organizationId }: { readonly organizationId: ApiKey["organizationId"] }) => organizationId
    })
    return Effect.all(
      {
        projectOrganizationId:
          projectId === null ? Effect.succeed(null) : Effect.map(tenants.findProject(projectId), owner),
        productOrganizationId:
          productId === null ? Effect.succeed(null) : Effect.map(tenants.findProduct(productId), owner),
        linked: links.length === 0 ? Effect.succeed([]) : tenants.areLinked(links)
      },
      { concurrency: "unbounded" }
    )
  }

  return (key: KeyRecord, target: AccessTarget): Effect.Effect<Membership, StoreError> => {
    if (!asksForTenants(key, target)) return Effect.succeed(noMembership)
    if (!enabled) return read(key, target)
    return Effect.clockWith((clock) => {
      const asked = timesOf(clock)
      const known = isTrusted(asked) ? facts.membership(key, target, asked.monotonic) : null
      if (known !== null) return Effect.succeed(known)
      const { generation } = facts
      return Effect.map(read(key, target), (membership) => {
        facts.learn(generation, key, target, membership, monotonicMillis(clock))
        return membership
      })
    })
  }
})
