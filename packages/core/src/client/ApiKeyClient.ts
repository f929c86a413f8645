import { Effect, type Schema } from "effect"
import type { ApiKeyError } from "../domain/Errors.js"
import type { Metadata } from "../domain/Metadata.js"
import type { Page } from "../domain/Page.js"
import type { RateLimitStatus } from "../domain/RateLimitStatus.js"
import type { SigningSecretReport } from "../domain/SigningSecret.js"
import type { StoreLayer } from "../ports/Store.js"
import { ApiKeys, checkOptions } from "../services/ApiKeys.js"
import type { ApiKeysService, CreatedKey, Idempotent, ReplayedKey } from "../services/keys/ApiKeysService.js"
import { Tenants } from "../services/Tenants.js"
import type { LinkInput, NamedInOrganization, PageInput } from "../services/tenants/TenantInput.js"
import type { TenantsService } from "../services/tenants/TenantsService.js"
import { asValidationOptions } from "../services/verifier/options.js"
import type { ValidateKeyOptions, VerifyKeyOptions } from "../services/verifier/ValidateKeyOptions.js"
import { ClientImports } from "./ClientImports.js"
import { type ClientRuntime, openRuntime } from "./ClientRuntime.js"
import type {
  ApiKeyClientOptions,
  CreatedKeyData,
  CreateKeyOptions,
  HealthData,
  KeyData,
  KeyFilterOptions,
  OrganizationData,
  ProductData,
  ProjectData,
  PruneKeysOptions,
  ReplayedKeyData,
  RotatedKeyData,
  RotateKeyOptions,
  UpdateKeyOptions,
  VerifiedKeyData
} from "./ClientTypes.js"
import { checkPlain, closingTimeout } from "./options.js"
import {
  plainCreated,
  plainKey,
  plainLimits,
  plainOrganization,
  plainOwned,
  plainPage,
  plainReport,
  plainRotated,
  plainVerification
} from "./plain.js"

/**
 * API keys for applications that do not use Effect. Methods reject with the classes of this library's errors;
 * each of them is an `ApiKeyError`. What is returned is plain and deeply frozen.
 *
 * @example
 * ```ts
 * const client = await ApiKeyClient.open({
 *   store: SqliteStore.layer({ filename: "myapp.db" }),
 *   signingSecret: process.env.APIKEYS_SIGNING_SECRET,
 *   keyPrefix: "myapp"
 * })
 * ```
 *
 * @since 0.1.0
 */
export class ApiKeyClient<M = Metadata> extends ClientImports<M> {
  readonly #runtime: ClientRuntime
  /** The regular expression (without flags; of RE2 too) by which a secret scanner finds keys of this deployment. */
  readonly keyPattern: string

  readonly #redact: (text: string) => string

  private constructor(runtime: ClientRuntime, { keyPattern, redact }: ApiKeysService) {
    super(runtime)
    this.#runtime = runtime
    this.#redact = redact
    this.keyPattern = keyPattern
  }

  /**
   * Opens the store, brings its schema up to date where the store is told so, and checks the options. Rejects
   * with `InvalidInputError` where an option breaks a rule, with `StoreError` where the store cannot be opened.
   */
  static async open<M = Metadata>(options: ApiKeyClientOptions<M>): Promise<ApiKeyClient<M>> {
    checkPlain(options)
    const { metadataSchema, store, ...rest } = options
    const services =
      metadataSchema === undefined
        ? ApiKeys.layer(rest)
        : ApiKeys.withMetadata(metadataSchema as unknown as Schema.Schema<M>).layer(rest)
    const runtime = await openRuntime(checkOptions(rest), services, store as unknown as StoreLayer)
    return new ApiKeyClient<M>(runtime, await runtime.run("open", ApiKeys))
  }

  /** The name must be free among all organizations: `AlreadyExistsError` carries `existingId`. */
  createOrganization(input: { readonly name: string }): Promise<OrganizationData> {
    return this.#tenants("createOrganization", (tenants) => tenants.createOrganization(input), plainOrganization)
  }

  /** The organization of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  getOrCreateOrganization(input: {
    readonly name: string
  }): Promise<readonly [organization: OrganizationData, created: boolean]> {
    return this.#tenants(
      "getOrCreateOrganization",
      (tenants) => tenants.getOrCreateOrganization(input),
      ([organization, created]) => [plainOrganization(organization), created]
    )
  }

  getOrganization(id: string): Promise<OrganizationData> {
    return this.#tenants("getOrganization", (tenants) => tenants.getOrganization(id), plainOrganization)
  }

  getOrganizationByName(input: { readonly name: string }): Promise<OrganizationData> {
    return this.#tenants("getOrganizationByName", (tenants) => tenants.getOrganizationByName(input), plainOrganization)
  }

  /** Newest first. */
  listOrganizations(input?: PageInput): Promise<Page<OrganizationData>> {
    return this.#tenants(
      "listOrganizations",
      (tenants) => tenants.listOrganizations(input),
      plainPage(plainOrganization)
    )
  }

  renameOrganization(id: string, changes: { readonly name: string }): Promise<OrganizationData> {
    return this.#tenants("renameOrganization", (tenants) => tenants.renameOrganization(id, changes), plainOrganization)
  }

  /** With its projects, products and links; `InUseError` while it has keys, of any status. */
  deleteOrganization(id: string): Promise<void> {
    return this.#tenants("deleteOrganization", (tenants) => tenants.deleteOrganization(id), nothing)
  }

  /** The name must be free within the organization: `AlreadyExistsError` carries `existingId`. */
  createProject(input: NamedInOrganization): Promise<ProjectData> {
    return this.#tenants("createProject", (tenants) => tenants.createProject(input), plainOwned)
  }

  /** The project of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  getOrCreateProject(input: NamedInOrganization): Promise<readonly [project: ProjectData, created: boolean]> {
    return this.#tenants(
      "getOrCreateProject",
      (tenants) => tenants.getOrCreateProject(input),
      ([project, created]) => [plainOwned(project), created]
    )
  }

  getProject(id: string): Promise<ProjectData> {
    return this.#tenants("getProject", (tenants) => tenants.getProject(id), plainOwned)
  }

  getProjectByName(input: NamedInOrganization): Promise<ProjectData> {
    return this.#tenants("getProjectByName", (tenants) => tenants.getProjectByName(input), plainOwned)
  }

  /** Newest first. */
  listProjects(input: PageInput & { readonly organizationId: string }): Promise<Page<ProjectData>> {
    return this.#tenants("listProjects", (tenants) => tenants.listProjects(input), plainPage(plainOwned))
  }

  renameProject(id: string, changes: { readonly name: string }): Promise<ProjectData> {
    return this.#tenants("renameProject", (tenants) => tenants.renameProject(id, changes), plainOwned)
  }

  /** With its links; `InUseError` while keys are narrowed to it, of any status. */
  deleteProject(id: string): Promise<void> {
    return this.#tenants("deleteProject", (tenants) => tenants.deleteProject(id), nothing)
  }

  /** The name must be free within the organization: `AlreadyExistsError` carries `existingId`. */
  createProduct(input: NamedInOrganization): Promise<ProductData> {
    return this.#tenants("createProduct", (tenants) => tenants.createProduct(input), plainOwned)
  }

  /** The product of this name and `false`, or a new one and `true`. Safe on every deploy and under concurrency. */
  getOrCreateProduct(input: NamedInOrganization): Promise<readonly [product: ProductData, created: boolean]> {
    return this.#tenants(
      "getOrCreateProduct",
      (tenants) => tenants.getOrCreateProduct(input),
      ([product, created]) => [plainOwned(product), created]
    )
  }

  getProduct(id: string): Promise<ProductData> {
    return this.#tenants("getProduct", (tenants) => tenants.getProduct(id), plainOwned)
  }

  getProductByName(input: NamedInOrganization): Promise<ProductData> {
    return this.#tenants("getProductByName", (tenants) => tenants.getProductByName(input), plainOwned)
  }

  /** Newest first. */
  listProducts(input: PageInput & { readonly organizationId: string }): Promise<Page<ProductData>> {
    return this.#tenants("listProducts", (tenants) => tenants.listProducts(input), plainPage(plainOwned))
  }

  renameProduct(id: string, changes: { readonly name: string }): Promise<ProductData> {
    return this.#tenants("renameProduct", (tenants) => tenants.renameProduct(id, changes), plainOwned)
  }

  /** With its links; `InUseError` while keys are narrowed to it, of any status. */
  deleteProduct(id: string): Promise<void> {
    return this.#tenants("deleteProduct", (tenants) => tenants.deleteProduct(id), nothing)
  }

  /** Links a product to a project of the same organization; a link that is there already is success. */
  addProductToProject(input: LinkInput): Promise<void> {
    return this.#tenants("addProductToProject", (tenants) => tenants.addProductToProject(input), nothing)
  }

  /** Removes a link; one that is not there is success. */
  removeProductFromProject(input: LinkInput): Promise<void> {
    return this.#tenants("removeProductFromProject", (tenants) => tenants.removeProductFromProject(input), nothing)
  }

  /** Newest product first. */
  listProductsOfProject(input: PageInput & { readonly projectId: string }): Promise<Page<ProductData>> {
    return this.#tenants(
      "listProductsOfProject",
      (tenants) => tenants.listProductsOfProject(input),
      plainPage(plainOwned)
    )
  }

  /**
   * Issues a key; its plaintext is told this once. Under an `idempotencyKey` a retried call makes no second key:
   * it returns the record of the first, with `plaintext: null`. Under one that was used with other input it rejects with
   * `IdempotencyConflictError`.
   */
  createKey(input: CreateKeyOptions<M> & { readonly idempotencyKey?: undefined }): Promise<CreatedKeyData<M>>
  createKey(
    input: CreateKeyOptions<M> & { readonly idempotencyKey: string }
  ): Promise<CreatedKeyData<M> | ReplayedKeyData<M>>
  createKey(input: CreateKeyOptions<M> & { readonly idempotencyKey?: string | undefined }): Promise<never> {
    return this.#keys(
      "createKey",
      (keys) => keys.createKey(input as CreateKeyOptions<M> & Idempotent),
      // What the overloads tell apart, a cast cannot: of either form the plaintext is there or null.
      plainCreated as (created: CreatedKey<M> | ReplayedKey<M>) => never
    )
  }

  getKey(id: string): Promise<KeyData<M>> {
    return this.#keys("getKey", (keys) => keys.getKey(id), plainKey)
  }

  /** Newest first. A page never repeats or loses a key that existed and matched throughout. */
  listKeys(input?: KeyFilterOptions & PageInput): Promise<Page<KeyData<M>>> {
    return this.#keys("listKeys", (keys) => keys.listKeys(input), plainPage(plainKey))
  }

  /** All pages of {@link listKeys}, one key at a time; `limit` is the size of the pages that are read. */
  async *allKeys(input?: KeyFilterOptions & Pick<PageInput, "limit">): AsyncGenerator<KeyData<M>, void, undefined> {
    let cursor: string | null = null
    do {
      // The first page says what is wrong with the input, which a copy of it would not.
      const page: Page<KeyData<M>> = await this.listKeys(cursor === null ? input : { ...input, cursor })
      yield* page.items
      cursor = page.nextCursor
    } while (cursor !== null)
  }

  /** Changes the given fields of a key, of any status; `null` clears. Makes no new plaintext. */
  updateKey(id: string, changes: UpdateKeyOptions<M>): Promise<KeyData<M>> {
    return this.#keys("updateKey", (keys) => keys.updateKey(id, changes), plainKey)
  }

  /** Revokes a key and keeps its record; of a revoked key the first time and reason stay. */
  revokeKey(id: string, options?: { readonly reason?: string | null | undefined }): Promise<KeyData<M>> {
    return this.#keys("revokeKey", (keys) => keys.revokeKey(id, options), plainKey)
  }

  /**
   * Revokes all keys of an owner that are not revoked yet, and says how many these were. The first step, which takes as long for
   * a million keys as for one, revokes all of them in every process; then their rows are written, in batches. A call that fails
   * later has revoked them: one more finishes it, and counts those that were left.
   */
  revokeKeys(
    input: Pick<KeyFilterOptions, "organizationId" | "projectId" | "productId"> & {
      readonly reason?: string | null | undefined
    }
  ): Promise<number> {
    return this.#keys("revokeKeys", (keys) => keys.revokeKeys(input), same)
  }

  /** Disables a key until it is enabled again; of a disabled key the first time and reason stay. Of any status. */
  disableKey(id: string, options?: { readonly reason?: string | null | undefined }): Promise<KeyData<M>> {
    return this.#keys("disableKey", (keys) => keys.disableKey(id, options), plainKey)
  }

  /** Takes a disabling back; a key that is not disabled stays as it is, a revoked one stays revoked. */
  enableKey(id: string): Promise<KeyData<M>> {
    return this.#keys("enableKey", (keys) => keys.enableKey(id), plainKey)
  }

  /** Gives a key a new plaintext, and keeps all else. A revoked key fails with `RevokedKeyError`. */
  rotateKey(id: string, options?: RotateKeyOptions): Promise<RotatedKeyData<M>> {
    return this.#keys("rotateKey", (keys) => keys.rotateKey(id, options), plainRotated)
  }

  /** Deletes keys that have ended, in batches, and says how many; one that fails may be called again. */
  pruneKeys(input: PruneKeysOptions): Promise<number> {
    return this.#keys("pruneKeys", (keys) => keys.pruneKeys(input), same)
  }

  /** Counts keys by the signing secret that made their digests. Reads every digest: for people, not for requests. */
  signingSecretReport(): Promise<SigningSecretReport> {
    return this.#keys("signingSecretReport", (keys) => keys.signingSecretReport(), plainReport)
  }

  /** Deletes a key, its digests, counters and whatever else refers to it. */
  deleteKey(id: string): Promise<void> {
    return this.#keys("deleteKey", (keys) => keys.deleteKey(id), nothing)
  }

  /** The state of a key's limits, without charging. */
  getLimits(id: string): Promise<ReadonlyArray<RateLimitStatus>> {
    return this.#keys("getLimits", (keys) => keys.getLimits(id), plainLimits)
  }

  /** Starts the limits of a key afresh. */
  resetLimits(id: string): Promise<void> {
    return this.#keys("resetLimits", (keys) => keys.resetLimits(id), nothing)
  }

  /** Authenticates: form, digest, status. Charges no limit; counts as a use. */
  verifyKey(plaintext: string, options?: VerifyKeyOptions): Promise<VerifiedKeyData<M>> {
    const asked = asValidationOptions(options)
    if (asked instanceof Error) return this.#runtime.run("verifyKey", Effect.fail(asked))
    return this.#runtime.verify("verifyKey", plaintext, asked, plainVerification<M>)
  }

  /**
   * Authenticates, authorizes and charges, in this order; a call that is refused costs nothing. One that asks
   * for no organization, project or product accepts **keys of any organization**.
   */
  validateKey(plaintext: string, options?: ValidateKeyOptions): Promise<VerifiedKeyData<M>> {
    return this.#runtime.verify("validateKey", plaintext, options, plainVerification<M>)
  }

  /**
   * Like {@link validateKey}, but at once, where all that is needed is in memory: the answer, or the error that
   * `validateKey` would reject with. `null` where the store has to be asked; then nothing was charged or counted, and
   * `validateKey` is to be called. For adapters that spare each request a promise.
   */
  tryValidateKey(plaintext: string, options?: ValidateKeyOptions): VerifiedKeyData<M> | ApiKeyError | null {
    const known = this.#runtime.attempt(plaintext, options)
    return known === null || known instanceof Error ? known : plainVerification<M>(known)
  }

  /** Masks every key in a text, such as a log line; what is left of each is its hint. */
  redact(text: string): string {
    return this.#redact(text)
  }

  /** Whether the store answers, and how fast. Rejects only when the client is closed. */
  health(): Promise<HealthData> {
    return this.#keys("health", ({ health }) => health, frozen)
  }

  /**
   * Lets calls that are under way end, flushes what is counted, and closes the store. Calls that come later
   * reject. Closing twice is closing once.
   *
   * @param options `timeout` in milliseconds, default 5000
   * @returns how many uses could not be flushed in that time
   */
  async close(options?: { readonly timeout?: number | undefined }): Promise<{ readonly unflushedUses: number }> {
    return { unflushedUses: await this.#runtime.close(closingTimeout(options)) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #tenants<A, B>(
    operation: string,
    call: (tenants: TenantsService) => Effect.Effect<A, unknown>,
    plain: (value: A) => B
  ): Promise<B> {
    return this.#runtime.run(operation, Effect.map(Effect.flatMap(Tenants, call), plain))
  }

  #keys<A, B>(
    operation: string,
    call: (keys: ApiKeysService<M>) => Effect.Effect<A, unknown>,
    plain: (value: A) => B
  ): Promise<B> {
    const keys = Effect.map(ApiKeys, (service) => service as unknown as ApiKeysService<M>)
    return this.#runtime.run(operation, Effect.map(Effect.flatMap(keys, call), plain))
  }
}

const frozen = <A extends object>(value: A): A => Object.freeze({ ...value })

const same = <A>(value: A): A => value

const nothing = (): void => undefined
