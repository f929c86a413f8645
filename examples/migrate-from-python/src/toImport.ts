import type { DigestInput, ImportKeyData, Metadata } from "@apikeys/core"
import { readInstant } from "./instants.js"
import { isScope, type OldMetadata, readMetadata } from "./OldMetadata.js"
import type { MigrationOptions } from "./options.js"
import type { Finding } from "./Report.js"
import type { OldKey } from "./source/oldRows.js"

/** What is to be said of a row that is taken over; without words it is counted alone. */
export interface Note {
  readonly finding: Finding
  readonly words: string | null
}

/** A row as the library is to import it. */
export interface Converted {
  readonly key: ImportKeyData & { readonly id: string }
  readonly notes: ReadonlyArray<Note>
}

/** Why a row is not taken over. */
class Refusal extends Error {}

const isUuid = (id: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

const dateOf = (text: string | null, what: string, zoneless: () => void): Date | null => {
  if (text === null) return null
  const written = readInstant(text)
  if (written === null) throw new Refusal(`its ${what} is not a date`)
  if (!written.zoned) zoneless()
  return written.at
}

/** The head and four characters: the old library kept eight of the secret, more than people need. */
const hintOf = (keyPrefix: string, { environment, prefix }: MigrationOptions): string => {
  const head = environment === null ? `${prefix}_` : `${prefix}_${environment}_`
  const secret = keyPrefix.startsWith(head) ? keyPrefix.slice(head.length) : head.startsWith(keyPrefix) ? "" : keyPrefix
  return `${head}${secret.slice(0, 4)}…`
}

const isOf01 = ({ limit }: OldMetadata): boolean => limit?.of01 === true

const algorithmOf = (metadata: OldMetadata, createdAt: Date | null, { digests, upgradedAt }: MigrationOptions) => {
  const older = upgradedAt !== null && createdAt !== null && createdAt < upgradedAt
  const unkeyed = digests === "sha256" || (digests === "auto" && (older || isOf01(metadata)))
  return unkeyed ? "sha256" : "hmac-sha256"
}

/** The old library's secret is the first of the previous ones. */
const digestOf = (algorithm: "sha256" | "hmac-sha256", hex: string): DigestInput =>
  algorithm === "sha256" ? { algorithm, hex } : { algorithm, hex, previousSecret: 0 }

const versionNote = (metadata: OldMetadata, algorithm: "sha256" | "hmac-sha256", options: MigrationOptions) => {
  const { limit } = metadata
  const signs = [
    ...(limit?.of01 === true ? [`${limit.requests} a minute`] : []),
    ...(algorithm === "sha256" ? ["a SHA-256 digest"] : [])
  ]
  if (signs.length > 0) return [{ finding: "of01", words: `of 0.1: ${signs.join(", ")}` } as const]
  const isUnsure = limit === null && options.digests === "auto" && options.upgradedAt === null
  return isUnsure ? [{ finding: "unsure", words: null } as const] : []
}

const limitsOf = ({ limit }: OldMetadata, zeroLimits: MigrationOptions["zeroLimits"]) => {
  if (limit === null) return []
  if (limit.requests !== 0) return [{ requests: limit.requests, window: limit.window }]
  if (zeroLimits === "refuse") throw new Refusal("its rate limit is 0, see --zero-limits")
  return []
}

const convert = (row: OldKey, metadata: OldMetadata, options: MigrationOptions): Converted => {
  const notes: Array<Note> = []
  const zoneless = () => notes.push({ finding: "zone", words: null })
  const { limit, name, others } = metadata

  const createdAt = dateOf(row.createdAt, "creation", zoneless)
  const algorithm = algorithmOf(metadata, createdAt, options)
  const rateLimits = limitsOf(metadata, options.zeroLimits)
  const scopes = options.invalidScopes === "drop" ? metadata.scopes.filter(isScope) : metadata.scopes
  const dropped = metadata.scopes.filter((scope) => !scopes.includes(scope))
  const expiresAt = dateOf(metadata.expiresAt, "expiry", () =>
    // Somebody wrote it, maybe with another zone in mind; the other dates are the library's own.
    notes.push({ finding: "zone", words: `its expiry ${metadata.expiresAt} has no zone, and is read as UTC` })
  )
  const key = {
    id: row.id,
    organizationId: row.organizationId,
    projectId: row.projectId,
    productId: row.productId,
    name,
    scopes,
    rateLimits,
    expiresAt,
    // Whatever it is: the library checks it, and says what is wrong.
    metadata: metadata.custom as Metadata,
    digest: digestOf(algorithm, row.keyHash),
    hint: hintOf(row.keyPrefix, options),
    ...(createdAt !== null && { createdAt }),
    useCount: row.useCount,
    lastUsedAt: dateOf(row.lastUsedAt, "last use", zoneless),
    revokedAt: dateOf(row.revokedAt, "revocation", zoneless)
  } as const

  notes.push(...versionNote(metadata, algorithm, options))
  if (limit?.requests === 0) notes.push({ finding: "unlimited", words: "its limit of 0 is dropped" })
  if (dropped.length > 0) {
    notes.push({ finding: "scopes", words: `left behind, since they are no scopes here: ${JSON.stringify(dropped)}` })
  }
  if (others.length > 0) notes.push({ finding: "unread", words: `left behind of its metadata: ${others.join(", ")}` })
  if (row.projectId !== null && row.productId === null && !row.projectHasProducts) {
    notes.push({ finding: "unlinked", words: `its project ${row.projectId} has no products, so it passes for none` })
  }
  return { key, notes }
}

/** What the library is to import for a row and what is to be said of it, or the words why it is refused. */
export const toImport = (row: OldKey, options: MigrationOptions): Converted | string => {
  if (!isUuid(row.id)) return "its id is not a UUID"
  const metadata = readMetadata(row.metadata)
  if (typeof metadata === "string") return metadata
  try {
    return convert(row, metadata, options)
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}
