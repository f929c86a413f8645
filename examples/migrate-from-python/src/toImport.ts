import type { DigestInput, ImportKeyData, Metadata } from "@apikeys/core"
import type { Heads } from "./heads.js"
import { readInstant } from "./instants.js"
import { isScope, type OldLimit, type OldMetadata, readMetadata } from "./OldMetadata.js"
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

/** Where there is no zone it is UTC: so the old library wrote its own dates. */
const dateOf = (text: string | null, what: string, zoneless: () => void = () => undefined): Date | null => {
  if (text === null) return null
  const written = readInstant(text)
  if (written === null) throw new Refusal(`its ${what} is not a date`)
  if (!written.zoned) zoneless()
  return written.at
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
  if (!admitsNothing(limit)) return [{ requests: limit.requests, window: limit.window }]
  if (zeroLimits === "refuse") throw new Refusal(`its rate limit is ${limit.requests}, see --zero-limits`)
  return []
}

const admitsNothing = ({ requests }: OldLimit): boolean => requests <= 0

/** What a key is narrowed to has to be of its own organization. */
const checkOwner = (entity: "project" | "product", id: string | null, owner: string | null, row: OldKey): void => {
  if (id === null || owner === row.organizationId) return
  throw new Refusal(`its ${entity} ${owner === null ? "is not there" : "belongs to another organization"}`)
}

const unlinkedNote = ({ projectId, revokedAt, unlinked }: OldKey, { links }: MigrationOptions): ReadonlyArray<Note> => {
  // A revoked key is refused in any case.
  if (unlinked === 0 || links === "add" || revokedAt !== null) return []
  const words =
    projectId === null
      ? `no link there to its product from ${unlinked} projects of its organization: refused for these here, see --links`
      : `no link there from its project to ${unlinked} products of its organization: refused for these here, see --links`
  return [{ finding: "unlinked", words }]
}

const headNote = ({ keyPrefix }: OldKey, heads: Heads): ReadonlyArray<Note> =>
  heads.isHeld(keyPrefix)
    ? []
    : [{ finding: "head", words: `begins with ${keyPrefix}: no --prefix and --environment names that` }]

const convert = (row: OldKey, metadata: OldMetadata, options: MigrationOptions, heads: Heads): Converted => {
  const notes: Array<Note> = []
  const { limit, madeTexts, name, others } = metadata

  checkOwner("project", row.projectId, row.projectOwner, row)
  checkOwner("product", row.productId, row.productOwner, row)
  const createdAt = dateOf(row.createdAt, "creation")
  const algorithm = algorithmOf(metadata, createdAt, options)
  const rateLimits = limitsOf(metadata, options.zeroLimits)
  const scopes = options.invalidScopes === "drop" ? metadata.scopes.filter(isScope) : metadata.scopes
  const dropped = metadata.scopes.filter((scope) => !scopes.includes(scope))
  const expiresAt = dateOf(metadata.expiresAt, "expiry", () =>
    // Somebody wrote it, maybe with another zone in mind.
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
    hint: heads.hintOf(row.keyPrefix),
    ...(createdAt !== null && { createdAt }),
    useCount: row.useCount,
    lastUsedAt: dateOf(row.lastUsedAt, "last use"),
    revokedAt: dateOf(row.revokedAt, "revocation")
  } as const

  notes.push(...versionNote(metadata, algorithm, options))
  if (limit !== null && admitsNothing(limit)) {
    notes.push({ finding: "unlimited", words: `its limit of ${limit.requests} is dropped` })
  }
  if (madeTexts.length > 0) {
    notes.push({ finding: "numbers", words: `texts now, since they were numbers above 2^53: ${madeTexts.join(", ")}` })
  }
  if (dropped.length > 0) {
    notes.push({ finding: "scopes", words: `left behind, since they are no scopes here: ${JSON.stringify(dropped)}` })
  }
  if (others.length > 0) notes.push({ finding: "unread", words: `left behind of its metadata: ${others.join(", ")}` })
  notes.push(...unlinkedNote(row, options), ...headNote(row, heads))
  return { key, notes }
}

/** What the library is to import for a row and what is to be said of it, or the words why it is refused. */
export const toImport = (row: OldKey, options: MigrationOptions, heads: Heads): Converted | string => {
  if (!isUuid(row.id)) return "its id is not a UUID"
  const metadata = readMetadata(row.metadata, options.largeNumbers)
  if (typeof metadata === "string") return metadata
  try {
    return convert(row, metadata, options, heads)
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}
