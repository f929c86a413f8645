import { DateTime } from "effect"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"
import { type ImportedDigest, isPlace } from "../../domain/ImportedDigest.js"
import type { Instant } from "../../domain/Instant.js"
import { isPlainObject } from "../../domain/PlainObject.js"
import type { RateLimit } from "../../domain/RateLimit.js"
import { hasControls, isStorable } from "../../domain/Rule.js"
import { isGrantable, type Scope } from "../../domain/Scope.js"

/** The fields of an imported key, as they are decoded. */
export interface ImportFields {
  readonly organizationId: OrganizationId
  readonly projectId: ProjectId | null
  readonly productId: ProductId | null
  readonly name: string | null
  readonly scopes: ReadonlyArray<Scope>
  readonly rateLimits: ReadonlyArray<RateLimit>
  readonly expiresAt: Instant | null
  readonly metadata?: unknown
  readonly id: KeyId | null
  readonly digest: ImportedDigest | null
  readonly plaintext: string | null
  readonly hint: string | null
  readonly createdAt: Instant | null
  readonly useCount: number
  readonly lastUsedAt: Instant | null
  readonly revokedAt: Instant | null
  readonly revokedReason: string | null
}

/** Stands for a value that is not plain, be it right or wrong: the schema decides. */
const unsure = Symbol("unsure")

type Unsure = typeof unsure

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const scope = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/
const hex = /^[0-9a-f]{64}$/
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const plainId = (value: unknown): string | Unsure => (typeof value === "string" && uuid.test(value) ? value : unsure)

const plainText = (value: unknown): string | Unsure =>
  typeof value === "string" &&
  value !== "" &&
  value.length <= 255 &&
  value.trim() === value &&
  isStorable(value) &&
  !hasControls(value)
    ? value
    : unsure

const plainDate = (value: unknown): Instant | Unsure => {
  if (!(value instanceof Date)) return unsure
  const millis = value.getTime()
  return millis >= 0 && millis <= latest ? DateTime.unsafeMake(millis) : unsure
}

const plainCount = (value: unknown): number | Unsure =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : unsure

const plainScopes = (value: unknown): ReadonlyArray<string> | Unsure => {
  if (!Array.isArray(value) || value.length > 100) return unsure
  for (let i = 0; i < value.length; i++) {
    const each: unknown = value[i]
    if (typeof each !== "string" || !scope.test(each) || !isGrantable(each)) return unsure
  }
  return [...new Set<string>(value)]
}

/** A copy that nothing changes any more; of members that no copy takes, the schema knows more. */
const copyOf = (value: unknown): Readonly<Record<string, unknown>> | null => {
  if (!isPlainObject(value)) return null
  const copy = { ...value }
  return Reflect.ownKeys(value).length === Object.keys(copy).length ? copy : null
}

const limitName = /^[A-Za-z0-9_.-]{1,64}$/
const limitFields = new Set(["name", "requests", "window", "algorithm"])

const plainLimit = (value: unknown): RateLimit | Unsure => {
  const given = copyOf(value)
  if (given === null) return unsure
  // Nothing but these, in which nearly all limits consist, once they come from elsewhere.
  if (!Object.keys(given).every((field) => limitFields.has(field))) return unsure
  const { algorithm = "fixed-window", name = "default", requests, window } = given
  if (typeof requests !== "number" || !Number.isSafeInteger(requests)) return unsure
  if (requests < 1 || requests > 999_999_999_999_999) return unsure
  if (typeof name !== "string" || !limitName.test(name)) return unsure
  if (algorithm !== "fixed-window" && algorithm !== "sliding-window") return unsure
  switch (window) {
    case "second":
    case "minute":
    case "hour":
    case "day":
    case "month":
      return { name, algorithm, requests, window, burst: null }
    default:
      return unsure
  }
}

const plainLimits = (value: unknown): ReadonlyArray<RateLimit> | Unsure => {
  if (!Array.isArray(value) || value.length > 1) return unsure
  if (value.length === 0) return []
  const limit = plainLimit(value[0])
  return limit === unsure ? unsure : [limit]
}

/** Of 64 of its digits in lower case. */
const bytesOf = (digits: string): Uint8Array => {
  const bytes = new Uint8Array(digits.length / 2)
  const digit = (i: number) => {
    const code = digits.charCodeAt(i)
    return code < 0x60 ? code - 0x30 : code - 0x57
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = digit(2 * i) * 16 + digit(2 * i + 1)
  return bytes
}

const digestFields = new Set(["algorithm", "hex", "previousSecret"])

const plainDigest = (value: unknown): ImportedDigest | Unsure => {
  const given = copyOf(value)
  if (given === null) return unsure
  for (const field of Object.keys(given)) if (!digestFields.has(field)) return unsure
  const { algorithm, hex: written, previousSecret } = given
  if (algorithm !== "hmac-sha256" && algorithm !== "sha256") return unsure
  if (typeof written !== "string" || !hex.test(written)) return unsure
  if (previousSecret !== undefined && !isPlace(previousSecret)) return unsure
  return { algorithm, bytes: bytesOf(written), previousSecret: previousSecret ?? null }
}

/** Those fields whose plain form is known; the others are for the schema. */
const plainFields: Readonly<Record<string, (value: unknown) => unknown>> = {
  organizationId: plainId,
  projectId: plainId,
  productId: plainId,
  id: plainId,
  name: plainText,
  revokedReason: plainText,
  scopes: plainScopes,
  rateLimits: plainLimits,
  digest: plainDigest,
  createdAt: plainDate,
  expiresAt: plainDate,
  lastUsedAt: plainDate,
  revokedAt: plainDate,
  useCount: plainCount,
  metadata: (value) => value
}

/** Where `undefined` is no way to leave a field out. */
const owners = new Set(["organizationId", "projectId", "productId"])

const nothing: ReadonlyArray<never> = Object.freeze([])

/**
 * What the schema makes of an import, for one that is plain: of its class are nearly all, and a million of them would
 * wait for the schema longer than for the database. `null` for any other, right or wrong, which the schema decodes.
 */
export const decodePlain = (input: unknown): ImportFields | null => {
  if (!isPlainObject(input)) return null
  const fields: Record<string, unknown> = {
    projectId: null,
    productId: null,
    name: null,
    scopes: nothing,
    rateLimits: nothing,
    expiresAt: null,
    id: null,
    digest: null,
    plaintext: null,
    hint: null,
    createdAt: null,
    useCount: 0,
    lastUsedAt: null,
    revokedAt: null,
    revokedReason: null
  }
  try {
    for (const field of Reflect.ownKeys(input)) {
      if (typeof field !== "string") return null
      const value = input[field]
      if (value === undefined || value === null) {
        if (!Object.hasOwn(plainFields, field) || (value === undefined && owners.has(field))) return null
        continue
      }
      const plain = Object.hasOwn(plainFields, field) ? plainFields[field]?.(value) : unsure
      if (plain === unsure || plain === undefined) return null
      fields[field] = plain
    }
  } catch {
    // A getter or a proxy threw: the schema finds out, and says so.
    return null
  }
  return fields.organizationId === undefined ? null : (fields as unknown as ImportFields)
}
