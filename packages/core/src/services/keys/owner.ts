import { Effect } from "effect"
import type { NotFoundError, StoreError } from "../../domain/Errors.js"
import type { KeyOwner } from "../../ports/KeyStore.js"
import { TenantStore } from "../../ports/TenantStore.js"
import { orNotFound } from "../tenants/entity.js"

/** Fails where an owner names what does not exist. */
export const makeOwnerExists = Effect.map(
  TenantStore,
  (store) =>
    ({ organizationId, productId, projectId }: KeyOwner): Effect.Effect<void, NotFoundError | StoreError> =>
      Effect.all(
        [
          organizationId === null
            ? Effect.void
            : store.findOrganization(organizationId).pipe(orNotFound("organization", organizationId)),
          projectId === null ? Effect.void : store.findProject(projectId).pipe(orNotFound("project", projectId)),
          productId === null ? Effect.void : store.findProduct(productId).pipe(orNotFound("product", productId))
        ],
        { discard: true }
      )
)
