import { DateTime, Effect } from "effect"
import { ApiKey } from "../domain/ApiKey.js"
import type { NotFoundError, StoreError } from "../domain/Errors.js"
import { KeyId, OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { Instant } from "../domain/Instant.js"
import { Organization, OrganizationName } from "../domain/Organization.js"
import { Product, ProductName } from "../domain/Product.js"
import { Project, ProjectName } from "../domain/Project.js"
import type { RateLimit } from "../domain/RateLimit.js"
import type { Digest } from "../ports/KeyHasher.js"
import {
  type KeyFilter,
  type KeyOwner,
  KeyStore,
  type NewKey,
  type Revocation,
  type RevokedBatch
} from "../ports/KeyStore.js"
import { TenantStore } from "../ports/TenantStore.js"

/**
 * A point in time from milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export const instant = (millis: number): Instant => DateTime.unsafeMake(millis)

/**
 * When fixtures are made, unless they say otherwise.
 *
 * @since 0.1.0
 */
export const fixtureTime = Date.UTC(2025, 0, 15, 12, 0, 0, 123)

/**
 * A name that nothing else has.
 *
 * @since 0.1.0
 */
export const uniqueName = (words = "Acme"): string => `${words} ${crypto.randomUUID()}`

/**
 * An id of nothing.
 *
 * @since 0.1.0
 */
export const absent = {
  organization: () => OrganizationId.make(crypto.randomUUID()),
  project: () => ProjectId.make(crypto.randomUUID()),
  product: () => ProductId.make(crypto.randomUUID()),
  key: () => KeyId.make(crypto.randomUUID())
}

/**
 * What a fixture may say of an organization, a project or a product.
 *
 * @since 0.1.0
 */
export interface NamedFields {
  readonly name?: string
  readonly createdAt?: number
}

/**
 * An organization that is nowhere yet.
 *
 * @since 0.1.0
 */
export const makeOrganization = ({ createdAt = fixtureTime, name = uniqueName() }: NamedFields = {}): Organization =>
  new Organization({ id: absent.organization(), name: OrganizationName.make(name), createdAt: instant(createdAt) })

/**
 * A project that is nowhere yet.
 *
 * @since 0.1.0
 */
export const makeProject = (
  organizationId: OrganizationId,
  { createdAt = fixtureTime, name = uniqueName("Project") }: NamedFields = {}
): Project =>
  new Project({ id: absent.project(), organizationId, name: ProjectName.make(name), createdAt: instant(createdAt) })

/**
 * A product that is nowhere yet.
 *
 * @since 0.1.0
 */
export const makeProduct = (
  organizationId: OrganizationId,
  { createdAt = fixtureTime, name = uniqueName("Product") }: NamedFields = {}
): Product =>
  new Product({ id: absent.product(), organizationId, name: ProductName.make(name), createdAt: instant(createdAt) })

/**
 * What a fixture may say of a key.
 *
 * @since 0.1.0
 */
export type KeyFields = Partial<ConstructorParameters<typeof ApiKey>[0]>

/**
 * A key of a whole organization that is nowhere yet.
 *
 * @since 0.1.0
 */
export const makeKey = (organizationId: OrganizationId, fields: KeyFields = {}): ApiKey =>
  new ApiKey({
    id: absent.key(),
    organizationId,
    projectId: null,
    productId: null,
    name: "A key",
    hint: "myapp_live_AbCd…",
    scopes: [],
    rateLimits: [],
    metadata: {},
    expiresAt: null,
    revokedAt: null,
    revokedReason: null,
    disabledAt: null,
    disabledReason: null,
    useCount: 0,
    lastUsedAt: null,
    createdAt: instant(fixtureTime),
    updatedAt: fields.createdAt ?? instant(fixtureTime),
    ...fields
  })

/**
 * 32 random bytes, as if they were the digest of a plaintext.
 *
 * @since 0.1.0
 */
export const makeDigest = (): Digest => ({ bytes: crypto.getRandomValues(new Uint8Array(32)), secretId: "fixture" })

/**
 * A key with a digest that is nowhere yet.
 *
 * @since 0.1.0
 */
export const makeNewKey = (
  organizationId: OrganizationId,
  { idempotencyDigest = null, idempotencyKey = null, ...fields }: KeyFields & Partial<Idempotency> = {}
): NewKey => ({ key: makeKey(organizationId, fields), digest: makeDigest(), idempotencyKey, idempotencyDigest })

type Idempotency = Pick<NewKey, "idempotencyKey" | "idempotencyDigest">

/**
 * A fixed window of ten a minute, unless it says otherwise.
 *
 * @since 0.1.0
 */
export const makeRateLimit = (fields: Partial<RateLimit> = {}): RateLimit => ({
  name: "default",
  algorithm: "fixed-window",
  requests: 10,
  window: "minute",
  burst: null,
  ...fields
})

/**
 * Every key, unless it says otherwise.
 *
 * @since 0.1.0
 */
export const keyFilter = (fields: Partial<KeyFilter> = {}): KeyFilter => ({
  ...keyOwner(fields),
  status: null,
  lastUsedBefore: null,
  expiresBefore: null,
  now: instant(fixtureTime),
  ...fields
})

/**
 * Every owner, unless it says otherwise.
 *
 * @since 0.1.0
 */
export const keyOwner = (fields: Partial<KeyOwner> = {}): KeyOwner => ({
  organizationId: fields.organizationId ?? null,
  projectId: fields.projectId ?? null,
  productId: fields.productId ?? null
})

/**
 * An organization that is in the store.
 *
 * @since 0.1.0
 */
export const insertOrganization = (fields?: NamedFields) =>
  Effect.flatMap(TenantStore, (tenants) => {
    const organization = makeOrganization(fields)
    return Effect.as(tenants.insertOrganization(organization), organization)
  })

/**
 * A project that is in the store.
 *
 * @since 0.1.0
 */
export const insertProject = (organizationId: OrganizationId, fields?: NamedFields) =>
  Effect.flatMap(TenantStore, (tenants) => {
    const project = makeProject(organizationId, fields)
    return Effect.as(tenants.insertProject(project), project)
  })

/**
 * A product that is in the store.
 *
 * @since 0.1.0
 */
export const insertProduct = (organizationId: OrganizationId, fields?: NamedFields) =>
  Effect.flatMap(TenantStore, (tenants) => {
    const product = makeProduct(organizationId, fields)
    return Effect.as(tenants.insertProduct(product), product)
  })

/**
 * An organization with a project and a product, linked to each other.
 *
 * @since 0.1.0
 */
export const insertLinked = Effect.gen(function* () {
  const organization = yield* insertOrganization()
  const project = yield* insertProject(organization.id)
  const product = yield* insertProduct(organization.id)
  const tenants = yield* TenantStore
  yield* tenants.link({ projectId: project.id, productId: product.id })
  return { organization, project, product }
})

/**
 * A key that is in the store, with its digest; anything else than `Inserted` is a defect.
 *
 * @since 0.1.0
 */
export const insertKey = (
  organizationId: OrganizationId,
  fields?: Parameters<typeof makeNewKey>[1]
): Effect.Effect<NewKey, NotFoundError | StoreError, KeyStore> =>
  Effect.flatMap(KeyStore, (keys) => {
    const newKey = makeNewKey(organizationId, fields)
    return Effect.flatMap(keys.insert(newKey), ({ _tag }) =>
      _tag === "Inserted" ? Effect.succeed(newKey) : Effect.dieMessage(`The fixture's key was not inserted: ${_tag}`)
    )
  })

/**
 * Revokes all keys of an owner, in steps of so many, and gives how many these were.
 *
 * @since 0.1.0
 */
export const revokeAll = (
  owner: KeyOwner,
  revocation: Revocation,
  atOnce = 500
): Effect.Effect<number, StoreError, KeyStore> =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    let { rest, revoked } = yield* keys.fence(owner, revocation)
    while (rest !== null) {
      const batch: RevokedBatch = yield* keys.revokeFenced(rest, atOnce)
      revoked += batch.revoked
      rest = batch.rest
    }
    return revoked
  })
