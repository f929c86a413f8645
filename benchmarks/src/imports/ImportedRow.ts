// The keys of both sides: the same ones, with the same ids and digests.
import { createHash } from "node:crypto"
import type { ImportKeyData } from "@apikeys/core"

/** A key as its rows have it, whatever the form of a database's columns. */
export interface BareKey {
  readonly id: string
  readonly organizationId: string
  readonly digest: Buffer
  readonly name: string
  readonly scopes: string
  readonly rateLimits: string
  readonly metadata: string
  readonly createdAt: Date
}

export const organization = { id: "0f0e0d0c-0b0a-4000-8000-0123456789ab", name: "Acme" } as const

const organizationId = organization.id
const createdAt = new Date("2024-01-02T03:04:05.678Z")
const scopes = ["forecast:read", "forecast:write"]
const rateLimits = [{ name: "default", requests: 1000, window: "minute", algorithm: "fixed-window" }] as const

const hashOf = (text: string) => createHash("sha256").update(text).digest()

/** In no order, as ids and digests from elsewhere are. */
const idOf = (n: number): string => {
  const hex = hashOf(`id ${n}`).toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const digestOf = (n: number) => hashOf(`digest ${n}`)

/** A key as the library takes it. */
export const toImport = (n: number): ImportKeyData => ({
  id: idOf(n),
  organizationId,
  digest: { algorithm: "hmac-sha256", hex: digestOf(n).toString("hex") },
  name: `Key ${n}`,
  scopes,
  rateLimits,
  metadata: { userId: `u_${n}`, plan: "pro" },
  createdAt
})

/** The same key as a driver takes it. */
export const toBare = (n: number): BareKey => ({
  id: idOf(n),
  organizationId,
  digest: digestOf(n),
  name: `Key ${n}`,
  scopes: JSON.stringify(scopes),
  rateLimits: JSON.stringify(rateLimits.map((limit) => ({ ...limit, burst: null }))),
  metadata: JSON.stringify({ userId: `u_${n}`, plan: "pro" }),
  createdAt
})
