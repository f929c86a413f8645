import { DateTime, Effect, Option } from "effect"
import type { AlreadyExistsError, InvalidInputError } from "../../domain/Errors.js"
import { invalidInput } from "../../domain/Input.js"
import type { Instant } from "../../domain/Instant.js"
import { Organization } from "../../domain/Organization.js"
import { Product } from "../../domain/Product.js"
import { Project } from "../../domain/Project.js"
import { TenantStore } from "../../ports/TenantStore.js"
import type { Found } from "./entity.js"
import { decodeImportedOrganization, decodeImportedProduct, decodeImportedProject } from "./input.js"
import type { TenantsService } from "./TenantsService.js"

type Operations = Pick<TenantsService, "importOrganization" | "importProject" | "importProduct">

/** When an entity was created that says nothing of it, or something that may be. */
const creationOf = (given: Instant | null): Effect.Effect<Instant, InvalidInputError> =>
  Effect.flatMap(DateTime.now, (now) =>
    given !== null && DateTime.greaterThan(given, now)
      ? Effect.fail(invalidInput("createdAt", "is in the future"))
      : Effect.succeed(given ?? now)
  )

const existing = <A>(entity: A) => [entity, false] as const

/**
 * The entity that is there under an id, or else the one given. Where the holder of a name turns out to be the entity
 * itself, somebody else imported it meanwhile.
 */
const takeOver = <A extends { readonly id: string }, E>(
  entity: A,
  find: Found<A>,
  insert: Effect.Effect<void, E | AlreadyExistsError>
) => {
  const found = Effect.map(find, Option.map(existing))
  const inserted = Effect.as(insert, [entity, true] as const).pipe(
    Effect.catchIf(
      (error) => isHeldBy(error, entity.id),
      (error) => Effect.flatMap(found, Option.match({ onNone: () => Effect.fail(error), onSome: Effect.succeed }))
    )
  )
  return Effect.flatMap(found, Option.match({ onNone: () => inserted, onSome: Effect.succeed }))
}

const isHeldBy = (error: unknown, id: string): boolean =>
  typeof error === "object" && error !== null && "existingId" in error && error.existingId === id

/** An id is of one organization; whose it is stays untold. */
const ofOrganization =
  (organizationId: string) =>
  <A extends { readonly organizationId: string }, E>(
    imported: Effect.Effect<readonly [entity: A, created: boolean], E>
  ) =>
    Effect.filterOrFail(
      imported,
      ([entity]) => entity.organizationId === organizationId,
      () => invalidInput("id", "is taken")
    )

/** Takes over tenants that were kept elsewhere. */
export const makeTenantImports = Effect.map(TenantStore, (store) => {
  const operations: Operations = {
    importOrganization: Effect.fn("Tenants.importOrganization")(function* (input) {
      const { createdAt, ...fields } = yield* decodeImportedOrganization(input)
      const organization = new Organization({ ...fields, createdAt: yield* creationOf(createdAt) })
      return yield* takeOver(
        organization,
        store.findOrganization(organization.id),
        store.insertOrganization(organization)
      )
    }),
    importProject: Effect.fn("Tenants.importProject")(function* (input) {
      const { createdAt, ...fields } = yield* decodeImportedProject(input)
      const project = new Project({ ...fields, createdAt: yield* creationOf(createdAt) })
      return yield* takeOver(project, store.findProject(project.id), store.insertProject(project)).pipe(
        ofOrganization(fields.organizationId)
      )
    }),
    importProduct: Effect.fn("Tenants.importProduct")(function* (input) {
      const { createdAt, ...fields } = yield* decodeImportedProduct(input)
      const product = new Product({ ...fields, createdAt: yield* creationOf(createdAt) })
      return yield* takeOver(product, store.findProduct(product.id), store.insertProduct(product)).pipe(
        ofOrganization(fields.organizationId)
      )
    })
  }
  return operations
})
