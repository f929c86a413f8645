import { Effect } from "effect"
import type {
  AlreadyExistsError,
  InUseError,
  InvalidInputError,
  NotFoundError,
  StoreError
} from "../../domain/Errors.js"
import type { OrganizationId } from "../../domain/Ids.js"
import type { Instant } from "../../domain/Instant.js"
import { type PageSlice, TenantStore } from "../../ports/TenantStore.js"
import { Identifiers } from "../Identifiers.js"
import { VerificationCache } from "../verifier/VerificationCache.js"
import { type Found, getOrCreate, orNotFound, readPage, unlessAbsent } from "./entity.js"
import { decodePageOfOrganization } from "./input.js"
import type { NamedInOrganization, PageInput } from "./TenantInput.js"

type Decode<A> = (input: unknown) => Effect.Effect<A, InvalidInputError>

interface New<Name> {
  readonly organizationId: OrganizationId
  readonly name: Name
}

/** What projects and products have in common: a name of their own within an organization. */
interface Owned<A, Id, Name> {
  readonly entity: "project" | "product"
  readonly build: (fields: New<Name> & { readonly id: string; readonly createdAt: Instant }) => A
  readonly decodeId: Decode<Id>
  readonly decodeNew: Decode<New<Name>>
  readonly decodeName: Decode<{ readonly name: Name }>
  readonly insert: (entity: A) => Effect.Effect<void, NotFoundError | AlreadyExistsError | StoreError>
  readonly find: (id: Id) => Found<A>
  readonly findByName: (organizationId: OrganizationId, name: Name) => Found<A>
  readonly list: (organizationId: OrganizationId, slice: PageSlice) => Effect.Effect<ReadonlyArray<A>, StoreError>
  readonly rename: (id: Id, name: Name) => Effect.Effect<A, NotFoundError | AlreadyExistsError | StoreError>
  readonly delete: (id: Id) => Effect.Effect<void, NotFoundError | InUseError | StoreError>
}

/** The operations on one kind of what an organization owns. */
export const makeOwned = Effect.fnUntraced(function* <
  A extends { readonly id: string; readonly createdAt: Instant },
  Id extends string,
  Name
>(kind: Owned<A, Id, Name>) {
  const store = yield* TenantStore
  const identifiers = yield* Identifiers
  const changingTenants = (yield* VerificationCache).changing({ _tag: "Tenants" })
  const { entity } = kind

  const insert = Effect.fnUntraced(function* (input: New<Name>) {
    const created = kind.build({ ...input, ...(yield* identifiers.next) })
    yield* changingTenants(kind.insert(created))
    return created
  })

  return {
    create: Effect.fn(`Tenants.create.${entity}`)(function* (input: NamedInOrganization) {
      return yield* insert(yield* kind.decodeNew(input))
    }),
    getOrCreate: Effect.fn(`Tenants.getOrCreate.${entity}`)(function* (input: NamedInOrganization) {
      const wanted = yield* kind.decodeNew(input)
      return yield* getOrCreate(kind.findByName(wanted.organizationId, wanted.name), insert(wanted))
    }),
    get: Effect.fn(`Tenants.get.${entity}`)(function* (input: string) {
      const id = yield* kind.decodeId(input)
      return yield* kind.find(id).pipe(orNotFound(entity, id))
    }),
    getByName: Effect.fn(`Tenants.getByName.${entity}`)(function* (input: NamedInOrganization) {
      const { name, organizationId } = yield* kind.decodeNew(input)
      return yield* kind.findByName(organizationId, name).pipe(orNotFound(entity, null))
    }),
    list: Effect.fn(`Tenants.list.${entity}`)(function* (input: PageInput & { readonly organizationId: string }) {
      const { organizationId, ...page } = yield* decodePageOfOrganization(input)
      const owner = store.findOrganization(organizationId).pipe(orNotFound("organization", organizationId))
      return yield* readPage([entity, organizationId], page, (slice) => kind.list(organizationId, slice)).pipe(
        unlessAbsent(owner)
      )
    }),
    rename: Effect.fn(`Tenants.rename.${entity}`)(function* (input: string, changes: { readonly name: string }) {
      const id = yield* kind.decodeId(input)
      const { name } = yield* kind.decodeName(changes)
      return yield* kind.rename(id, name)
    }),
    delete: Effect.fn(`Tenants.delete.${entity}`)(function* (input: string) {
      yield* changingTenants(kind.delete(yield* kind.decodeId(input)))
    })
  }
})
