export { ApiKeyClient } from "./client/ApiKeyClient.js"
export type * from "./client/ClientTypes.js"
export type { ImportedKeyData, ImportKeyData, ImportKeysOptions } from "./client/ImportTypes.js"
export { plainVerification } from "./client/plain.js"
export type { AccessConstraint, AccessTarget, Link, Membership } from "./domain/Access.js"
export { ApiKey, type ApiKeyOf, type KeyStatus, keyStatus, storedKey } from "./domain/ApiKey.js"
export * from "./domain/Errors.js"
export { type AcceptForeignKeys, type ForeignAlphabet, type ForeignKeyForm, pythonKeys } from "./domain/ForeignKeys.js"
export { KeyId, OrganizationId, ProductId, ProjectId } from "./domain/Ids.js"
/**
 * What an application composes the schemas of its own requests from: `decode` checks, in the very words of this
 * library, and `JSONSchema.make` documents.
 *
 * @example
 * ```ts
 * const decode = Input.decode(Schema.Struct({ organizationId: Input.id(OrganizationId), scopes: Input.Scopes }))
 * ```
 *
 * @since 0.1.0
 */
export * as Input from "./domain/InputSchemas.js"
export { Instant } from "./domain/Instant.js"
export { endingOf, type KeyEnding, type KeyTimes } from "./domain/KeyEnding.js"
export * as KeyToken from "./domain/KeyToken.js"
export { type Json, Metadata } from "./domain/Metadata.js"
export { Organization, OrganizationName } from "./domain/Organization.js"
export type { Page, PagePosition } from "./domain/Page.js"
export { Product, ProductName } from "./domain/Product.js"
export { Project, ProjectName } from "./domain/Project.js"
export { RateLimit, RateLimitAlgorithm, sharesState } from "./domain/RateLimit.js"
export { anchored, charge, isSpent, type RateLimitDecision, type RateLimitState } from "./domain/RateLimitCharge.js"
export { leaseAll, type RateLimitLease, refundAll } from "./domain/RateLimitLease.js"
export { chargeAll, type RateLimitOutcome, RateLimitStatus } from "./domain/RateLimitStatus.js"
export { RateLimitWindow } from "./domain/RateLimitWindow.js"
export { isSecretValid, maxSecrets, overlapEnd } from "./domain/Rotation.js"
export { covers, missingScopes, Scope } from "./domain/Scope.js"
export type { SigningSecretReport, SigningSecretUse } from "./domain/SigningSecret.js"
export type { Timespan } from "./domain/Timespan.js"
export * as MemoryStore from "./memory/MemoryStore.js"
export { type Change, type Confirmation, KeyChanges } from "./ports/KeyChanges.js"
export { type Digest, KeyHasher, overSha256, secretOf, unkeyed } from "./ports/KeyHasher.js"
export type { KeyImport, KeyImportOutcome } from "./ports/KeyImport.js"
export * from "./ports/KeyStore.js"
export {
  type Admission,
  type AdmissionOutcome,
  type Ended,
  isUncharged,
  type LeaseOutcome,
  type LeaseRequest,
  type Locked,
  type RateLimitCharge,
  type RateLimitRefund,
  RateLimitStore,
  type Uncharged
} from "./ports/RateLimitStore.js"
export { Store, type StoreLayer, type StorePorts } from "./ports/Store.js"
export { StoreHealth } from "./ports/StoreHealth.js"
export { type PageSlice, TenantStore } from "./ports/TenantStore.js"
export { type Usage, type UsageBatch, type UsageRecording, UsageStore, type UsageTotal } from "./ports/UsageStore.js"
export { ApiKeys } from "./services/ApiKeys.js"
export { KeyVerifier } from "./services/KeyVerifier.js"
export type * from "./services/keys/ApiKeysService.js"
export type * from "./services/keys/ImportKeys.js"
export type { ApiKeysOptions } from "./services/Settings.js"
export { Tenants } from "./services/Tenants.js"
export type * from "./services/tenants/TenantInput.js"
export type { TenantsService } from "./services/tenants/TenantsService.js"
export type * from "./services/VerificationOptions.js"
export type { KeyVerifierService, VerifiedKey } from "./services/verifier/KeyVerifierService.js"
export type { ValidateKeyOptions, VerifyKeyOptions } from "./services/verifier/ValidateKeyOptions.js"
