import { Encoding } from "effect"
import type { Link } from "../domain/Access.js"
import type { KeyId, OrganizationId, ProductId, ProjectId } from "../domain/Ids.js"
import type { RateLimit } from "../domain/RateLimit.js"
import type { RateLimitState } from "../domain/RateLimitCharge.js"
import type { Change } from "../ports/KeyChanges.js"
import type { KeyRow } from "./KeyRow.js"
import { NamedRows } from "./NamedRows.js"

/** A digest and the key that it opens. */
export interface DigestRow {
  readonly keyId: KeyId
  readonly bytes: Uint8Array
  readonly secretId: string
  /** Milliseconds since the epoch; `null` for the current digest of the key. */
  readonly supersededAt: number | null
  readonly validUntil: number | null
}

/** The state of one limit, and for which algorithm and window it was kept. */
export interface Counter {
  readonly limit: Pick<RateLimit, "name" | "algorithm" | "window">
  readonly state: RateLimitState
}

/** Everything that one in-memory store holds; the ports share it. */
export interface State {
  readonly organizations: NamedRows<OrganizationId, "">
  readonly projects: NamedRows<ProjectId, OrganizationId>
  readonly products: NamedRows<ProductId, OrganizationId>
  readonly links: Map<string, Link>
  readonly keys: Map<KeyId, KeyRow>
  readonly digests: Map<string, DigestRow>
  /** The id of each signing secret, by its fingerprint. */
  readonly secretIds: Map<string, string>
  readonly secretSalt: Uint8Array
  readonly idempotencyKeys: Map<string, KeyId>
  /** By key, then by the limit's name. */
  readonly counters: Map<KeyId, Map<string, Counter>>
  /** The highest batch number of each writer. */
  readonly usageBatches: Map<string, number>
  /** Who is told of each change, in the step that makes it. */
  readonly followers: Set<(change: Change) => void>
}

export const makeState = (): State => ({
  organizations: new NamedRows(),
  projects: new NamedRows(),
  products: new NamedRows(),
  links: new Map(),
  keys: new Map(),
  digests: new Map(),
  secretIds: new Map(),
  secretSalt: crypto.getRandomValues(new Uint8Array(16)),
  idempotencyKeys: new Map(),
  counters: new Map(),
  usageBatches: new Map(),
  followers: new Set()
})

/** Tells everybody who follows of a change. */
export const tell = (state: State, change: Change): void => {
  for (const follower of state.followers) follower(change)
}

export const linkKey = ({ productId, projectId }: Link): string => `${projectId}/${productId}`

export const digestKey = (bytes: Uint8Array): string => Encoding.encodeHex(bytes)

export const idempotencyKeyOf = (organizationId: OrganizationId, idempotencyKey: string): string =>
  `${organizationId}/${idempotencyKey}`

/** One table as it stands, its values as plain text, numbers and bytes. */
export interface Table {
  readonly table: string
  readonly rows: ReadonlyArray<Record<string, unknown>>
}

/** Every table with every row. */
export const tablesOf = (state: State): ReadonlyArray<Table> => [
  { table: "organizations", rows: state.organizations.all().map((row) => ({ ...row })) },
  { table: "projects", rows: state.projects.all().map((row) => ({ ...row })) },
  { table: "products", rows: state.products.all().map((row) => ({ ...row })) },
  { table: "links", rows: [...state.links].map(([key, link]) => ({ key, ...link })) },
  {
    table: "keys",
    rows: [...state.keys.values()].map((row) => ({
      ...row,
      scopes: JSON.stringify(row.scopes),
      rateLimits: JSON.stringify(row.rateLimits),
      metadata: JSON.stringify(row.metadata)
    }))
  },
  { table: "digests", rows: [...state.digests].map(([key, row]) => ({ key, ...row, bytes: row.bytes.slice() })) },
  { table: "secretIds", rows: [...state.secretIds].map(([fingerprint, id]) => ({ fingerprint, id })) },
  { table: "idempotencyKeys", rows: [...state.idempotencyKeys].map(([key, keyId]) => ({ key, keyId })) },
  {
    table: "counters",
    rows: [...state.counters].flatMap(([keyId, counters]) =>
      [...counters.values()].map(({ limit, state }) => ({ keyId, ...limit, ...state }))
    )
  },
  { table: "usageBatches", rows: [...state.usageBatches].map(([writer, number]) => ({ writer, number })) }
]
