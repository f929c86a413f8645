import { type Effect, type Layer, type Redacted, Schema, Stream } from "effect"
import { describe, expectTypeOf, it } from "vitest"
import {
  type AlreadyExistsError,
  ApiKeyClient,
  ApiKeyError,
  ApiKeys,
  type ApiKeysService,
  type DisabledKeyError,
  type ExpiredKeyError,
  type ImportKeyData,
  type ImportKeyInput,
  type Instant,
  type InsufficientScopeError,
  type InUseError,
  type InvalidInputError,
  type InvalidKeyError,
  type KeyConflictError,
  type KeyId,
  type KeyNotAllowedError,
  type KeyStatus,
  type KeyVerifier,
  type KeyVerifierService,
  type NotFoundError,
  type OrganizationId,
  type QuotaError,
  type RevokedKeyError,
  type Store,
  type StoreError,
  type StoreLayer,
  type StorePorts,
  type Tenants,
  type TenantsService,
  type Timespan,
  type VerifiedKey,
  type VerifiedKeyData
} from "../../src/index.js"

// Checked by `tsc -b`: what is claimed here is of types alone.

type ErrorOf<F extends (...args: never) => Effect.Effect<unknown, unknown>> = Effect.Effect.Error<ReturnType<F>>

type Authentication =
  | InvalidKeyError
  | ExpiredKeyError
  | RevokedKeyError
  | DisabledKeyError
  | InvalidInputError
  | StoreError

describe("types", () => {
  it("error channels name exactly what can fail", () => {
    expectTypeOf<ErrorOf<KeyVerifierService["verifyKey"]>>().toEqualTypeOf<Authentication>()
    expectTypeOf<ErrorOf<KeyVerifierService["validateKey"]>>().toEqualTypeOf<
      Authentication | KeyNotAllowedError | InsufficientScopeError | QuotaError
    >()
    expectTypeOf<ErrorOf<TenantsService["createOrganization"]>>().toEqualTypeOf<
      AlreadyExistsError | InvalidInputError | StoreError
    >()
    expectTypeOf<ErrorOf<TenantsService["getOrCreateOrganization"]>>().toEqualTypeOf<InvalidInputError | StoreError>()
    expectTypeOf<ErrorOf<TenantsService["getOrCreateProject"]>>().toEqualTypeOf<
      NotFoundError | InvalidInputError | StoreError
    >()
    expectTypeOf<ErrorOf<TenantsService["deleteProduct"]>>().toEqualTypeOf<
      InUseError | NotFoundError | InvalidInputError | StoreError
    >()
    expectTypeOf<ErrorOf<TenantsService["listOrganizations"]>>().toEqualTypeOf<InvalidInputError | StoreError>()
    expectTypeOf<ErrorOf<ApiKeysService["updateKey"]>>().toEqualTypeOf<NotFoundError | InvalidInputError | StoreError>()
    expectTypeOf<ErrorOf<ApiKeysService["disableKey"]>>().toEqualTypeOf<
      NotFoundError | InvalidInputError | StoreError
    >()
    expectTypeOf<ErrorOf<ApiKeysService["rotateKey"]>>().toEqualTypeOf<
      RevokedKeyError | NotFoundError | InvalidInputError | StoreError
    >()
    expectTypeOf<ErrorOf<ApiKeysService["pruneKeys"]>>().toEqualTypeOf<NotFoundError | InvalidInputError | StoreError>()
    expectTypeOf<ErrorOf<ApiKeysService["signingSecretReport"]>>().toEqualTypeOf<StoreError>()
    expectTypeOf<Effect.Effect.Error<ApiKeysService["health"]>>().toBeNever()
    expectTypeOf<ErrorOf<KeyVerifierService["flush"]>>().toBeNever()
  })

  it("an import takes a digest or a plaintext, never both, and tells what can stand against it", () => {
    expectTypeOf<ErrorOf<ApiKeysService["importKey"]>>().toEqualTypeOf<
      KeyConflictError | NotFoundError | InvalidInputError | StoreError
    >()
    const digest = { algorithm: "sha256", hex: "" } as const
    const organizationId = ""
    expectTypeOf({ organizationId, digest }).toExtend<ImportKeyData>()
    expectTypeOf({ organizationId, plaintext: "" }).toExtend<ImportKeyData>()
    expectTypeOf({ organizationId }).not.toExtend<ImportKeyData>()
    expectTypeOf({ organizationId, digest, plaintext: "" }).not.toExtend<ImportKeyData>()
    expectTypeOf({ organizationId, digest: { ...digest, base64: "" } }).not.toExtend<ImportKeyData>()
    expectTypeOf<ImportKeyInput["digest"]>().toEqualTypeOf<ImportKeyData["digest"]>()
    const keyed = { algorithm: "hmac-sha256", hex: "" } as const
    expectTypeOf({ organizationId, digest: { ...keyed, previousSecret: 0 } }).toExtend<ImportKeyData>()
    expectTypeOf({ organizationId, digest: { ...keyed, previousSecret: "old" } }).not.toExtend<ImportKeyData>()
    // No secret made it.
    expectTypeOf({ organizationId, digest: { ...digest, previousSecret: 0 } }).not.toExtend<ImportKeyData>()
    const failing = (keys: ApiKeysService) => keys.importKeys(Stream.fail("broken" as const))
    expectTypeOf<Effect.Effect.Error<ReturnType<typeof failing>>>().toEqualTypeOf<
      "broken" | InvalidInputError | StoreError
    >()
  })

  it("one layer gives all three services, and needs a store", () => {
    expectTypeOf(ApiKeys.layer).returns.toEqualTypeOf<
      Layer.Layer<ApiKeys | KeyVerifier | Tenants, InvalidInputError | StoreError, StorePorts>
    >()
  })

  it("plaintext is redacted in Effect, a string in promises, and null when a call is repeated", () => {
    expectTypeOf<ApiKeysService["createKey"]>()
      .toBeCallableWith({ organizationId: "" })
      .returns.toExtend<Effect.Effect<{ readonly plaintext: Redacted.Redacted<string> | null }, unknown>>()
    const issue = (client: ApiKeyClient) => client.createKey({ organizationId: "" })
    expectTypeOf(issue).returns.resolves.toHaveProperty("plaintext").toEqualTypeOf<string>()
    const retry = (client: ApiKeyClient) => client.createKey({ organizationId: "", idempotencyKey: "order-1" })
    expectTypeOf(retry).returns.resolves.toHaveProperty("plaintext").toEqualTypeOf<string | null>()
  })

  it("a rotated key has a plaintext, always, and its metadata in its type", () => {
    type Rotated = Effect.Effect.Success<ReturnType<ApiKeysService<{ readonly plan: string }>["rotateKey"]>>
    expectTypeOf<Rotated["plaintext"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Rotated["supersededUntil"]>().toEqualTypeOf<Instant | null>()
    expectTypeOf<Rotated["key"]["metadata"]["plan"]>().toEqualTypeOf<string>()
    const rotate = (client: ApiKeyClient) => client.rotateKey("", { overlap: "24 hours" })
    expectTypeOf(rotate).returns.resolves.toExtend<{ readonly plaintext: string; supersededUntil: Date | null }>()
    expectTypeOf<VerifiedKeyData["supersededAt"]>().toEqualTypeOf<Date | null>()
    expectTypeOf<VerifiedKey["supersededAt"]>().toEqualTypeOf<Instant | null>()
  })

  it("a timespan is a number of seconds, or has a unit", () => {
    expectTypeOf<90 | "90 days" | "1 hour" | "24 hours">().toExtend<Timespan>()
    expectTypeOf<"90" | "90 weeks" | "a day" | Date>().not.toExtend<Timespan>()
    expectTypeOf<KeyStatus>().toEqualTypeOf<"active" | "disabled" | "revoked" | "expired">()
  })

  it("a metadata schema types metadata on both faces", () => {
    const Plan = Schema.Struct({ plan: Schema.Literal("free", "pro") })
    const typed = ApiKeys.withMetadata(Plan)
    type Keys = typeof typed.ApiKeys.Service
    expectTypeOf<Effect.Effect.Success<ReturnType<Keys["getKey"]>>["metadata"]>().toEqualTypeOf<{
      readonly plan: "free" | "pro"
    }>()
    const open = (store: Store) => ApiKeyClient.open({ store, signingSecret: "", metadataSchema: Plan })
    const plan = async (store: Store) => (await (await open(store)).getKey("")).metadata.plan
    expectTypeOf(plan).returns.resolves.toEqualTypeOf<"free" | "pro">()
    const misfit = async (store: Store) =>
      // @ts-expect-error "gold" is no plan
      (await open(store)).createKey({ organizationId: "", metadata: { plan: "gold" } })
    expectTypeOf(misfit).toBeFunction()
  })

  it("ids of one entity are not ids of another, and a store is opaque", () => {
    expectTypeOf<KeyId>().not.toExtend<OrganizationId>()
    expectTypeOf<StoreLayer>().toExtend<Store>()
    expectTypeOf<Layer.Layer<StorePorts>>().not.toExtend<Store>()
    expectTypeOf<Store>().not.toHaveProperty("pipe")
  })

  it("the catch-all narrows to the union of all errors", () => {
    const codeOf = (error: unknown) => (error instanceof ApiKeyError ? error.code : null)
    expectTypeOf(codeOf).returns.toEqualTypeOf<ApiKeyError["code"] | null>()
    expectTypeOf<"quota_exceeded">().toExtend<ApiKeyError["code"]>()
  })
})
