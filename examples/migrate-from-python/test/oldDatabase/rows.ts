import { randomBytes } from "node:crypto"
import { hmacOf, sha256Of } from "./digests.js"
import type { OldRow, OldTables } from "./OldDatabase.js"

export const signingSecret = "of no use but for this very test: 0123456789"
export const prefix = "sk"
export const environment = "live"

/** Ids that tell what they are of: 1… organizations, 2… projects, 3… products, 4… keys. */
const idOf = (kind: number, n: number) => `${kind}${n.toString(16).padStart(7, "0")}-0000-4000-8000-${"0".repeat(12)}`

const created = "2024-01-02 03:04:05.678901"

export const ids = {
  acme: idOf(1, 1),
  alsoAcme: idOf(1, 2),
  website: idOf(2, 1),
  empty: idOf(2, 2),
  foreignProject: idOf(2, 3),
  weather: idOf(3, 1),
  blank: idOf(3, 2),
  foreignProduct: idOf(3, 3)
} as const

interface OldKeyRow {
  readonly id: string
  readonly plaintext: string
  readonly row: OldRow
}

let count = 0

/** A key that the old library issued; what is not given is as it made it by itself. */
const key = (
  metadata: Readonly<Record<string, unknown>>,
  columns: OldRow = {},
  { of01 = false, secret = randomBytes(32).toString("base64url") } = {}
): OldKeyRow => {
  const id = idOf(4, ++count)
  const plaintext = `${prefix}_${environment}_${secret}`
  return {
    id,
    plaintext,
    row: {
      id,
      org_id: ids.acme,
      project_id: null,
      product_id: null,
      key_prefix: secret.slice(0, 8),
      key_hash: of01 ? sha256Of(plaintext) : hmacOf(plaintext, signingSecret),
      metadata: JSON.stringify({
        name: null,
        scopes: [],
        rate_limit: { requests: 100, window: "minute" },
        expires_at: null,
        custom: {},
        ...metadata
      }),
      revoked_at: null,
      last_used_at: null,
      use_count: 0,
      created_at: created,
      ...columns
    }
  }
}

/** Keys of every kind that there is, each once. */
export const keys = {
  plain: key(
    {
      name: "Alice's key — ключ 🔑",
      scopes: ["read", "write"],
      rate_limit: { requests: 1000, window: "hour" },
      custom: { userId: "u_alice", nested: { plan: ["pro", 1.5, true, null] } }
    },
    { use_count: 42, last_used_at: "2024-03-04 05:06:07.000000" },
    // Of the characters that this library's own bodies do not have.
    { secret: `AbCdEfGh${"_-".repeat(17)}9` }
  ),
  ofProject: key({}, { project_id: ids.website }),
  ofProduct: key({}, { product_id: ids.weather }),
  ofBoth: key({}, { project_id: ids.website, product_id: ids.weather }),
  unlinked: key({}, { project_id: ids.empty }),
  revoked: key({}, { revoked_at: "2024-05-06 07:08:09.123456" }),
  expired: key({ expires_at: "2024-02-01T02:00:00.500000+02:00" }),
  zoneless: key({ expires_at: "2099-01-02T03:04:05" }),
  of01: key({ rate_limit: 60 }, {}, { of01: true }),
  unsure: key({ rate_limit: null }),
  furtherMember: key({ tier: "gold" }),
  zeroLimit: key({ rate_limit: { requests: 0, window: "minute" } }),
  negativeLimit: key({ rate_limit: -5 }, {}, { of01: true }),
  largeNumber: key(
    {},
    // As Python writes it: this language has no such number.
    { metadata: '{"custom": {"account": {"id": 123456789012345678}, "largest": 9007199254740991, "share": 0.1}}' }
  ),
  wildcard: key({ scopes: ["docs:*"] }),
  invalidScope: key({ scopes: ["read", "read all"] }),
  ofForeignProject: key({}, { project_id: ids.foreignProject }),
  unlinkedPair: key({}, { project_id: ids.empty, product_id: ids.weather }),
  strangeMetadata: key({ name: 7 }),
  noDigest: key({}, { key_hash: "plainly not a digest" })
} as const

const tenant = (id: string, name: string, org_id?: string): OldRow => ({
  id,
  name,
  ...(org_id !== undefined && { org_id }),
  created_at: created
})

export const tables: OldTables = {
  organizations: [tenant(ids.acme, "Acme"), tenant(ids.alsoAcme, " Acme ")],
  projects: [
    tenant(ids.website, "Website", ids.acme),
    tenant(ids.empty, "Empty", ids.acme),
    tenant(ids.foreignProject, "Website", ids.alsoAcme)
  ],
  products: [
    tenant(ids.weather, "Weather", ids.acme),
    tenant(ids.blank, "  ", ids.acme),
    tenant(ids.foreignProduct, "Weather", ids.alsoAcme)
  ],
  project_products: [
    { project_id: ids.website, product_id: ids.weather },
    { project_id: ids.website, product_id: ids.foreignProduct }
  ],
  api_keys: Object.values(keys).map(({ row }) => row)
}
