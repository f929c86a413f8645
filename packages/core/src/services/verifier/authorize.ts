import { Effect, Option } from "effect"
import { type AccessTarget, failedConstraint, linksInQuestion, type Membership } from "../../domain/Access.js"
import type { ApiKey } from "../../domain/ApiKey.js"
import { InsufficientScopeError, KeyNotAllowedError, type StoreError } from "../../domain/Errors.js"
import { missingScopes, type Scope } from "../../domain/Scope.js"
import { TenantStore } from "../../ports/TenantStore.js"

interface Question extends AccessTarget {
  readonly requiredScopes: ReadonlyArray<Scope>
}

/** Whether a key is good for what a call asks: organization, project, product, then scopes. */
export const makeAuthorize = Effect.map(TenantStore, (tenants) => {
  const membershipOf = (key: ApiKey, target: AccessTarget): Effect.Effect<Membership, StoreError> => {
    const links = linksInQuestion(key, target)
    const owner = Option.match({
      onNone: () => null,
      onSome: ({ organizationId }: { readonly organizationId: ApiKey["organizationId"] }) => organizationId
    })
    return Effect.all(
      {
        projectOrganizationId:
          target.projectId === null ? Effect.succeed(null) : Effect.map(tenants.findProject(target.projectId), owner),
        productOrganizationId:
          target.productId === null ? Effect.succeed(null) : Effect.map(tenants.findProduct(target.productId), owner),
        linked: links.length === 0 ? Effect.succeed([]) : tenants.areLinked(links)
      },
      { concurrency: "unbounded" }
    )
  }

  return Effect.fnUntraced(function* (
    key: ApiKey,
    question: Question
  ): Effect.fn.Return<void, KeyNotAllowedError | InsufficientScopeError | StoreError> {
    const constraint = failedConstraint(key, question, yield* membershipOf(key, question))
    if (constraint !== null) return yield* new KeyNotAllowedError({ keyId: key.id, constraint })
    const missing = missingScopes(key.scopes, question.requiredScopes)
    if (missing.length > 0) {
      return yield* new InsufficientScopeError({ keyId: key.id, required: question.requiredScopes, missing })
    }
  })
})
