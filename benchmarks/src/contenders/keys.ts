import type { CreateKeyOptions } from "@apikeys/core"

export const signingSecret = "0123456789abcdef".repeat(4)
export const keyPrefix = "bench"

/** More than any round can use up. */
export const endless = { requests: 1_000_000_000_000, window: "day" } as const

/** Either face of the library, as far as issuing keys needs one. */
export interface Issuer {
  readonly getOrCreateOrganization: (input: {
    readonly name: string
  }) => Promise<readonly [{ readonly id: string }, boolean]>
  readonly getOrCreateProduct: (input: {
    readonly organizationId: string
    readonly name: string
  }) => Promise<readonly [{ readonly id: string }, boolean]>
  readonly createKey: (input: Omit<CreateKeyOptions, "expiresAt">) => Promise<{ readonly plaintext: string }>
}

export interface IssuedKeys {
  readonly plaintexts: ReadonlyArray<string>
  /** What a call asks such a key for. */
  readonly asked: { readonly productId: string; readonly requiredScopes: ReadonlyArray<string> }
}

/** Issues keys of the quickstart's shape: of a product, with a scope, a limit and metadata. */
export const issueKeys = async (
  issuer: Issuer,
  count: number,
  limit: { readonly requests: number; readonly window: "day" | "minute" } = endless
): Promise<IssuedKeys> => {
  const [{ id: organizationId }] = await issuer.getOrCreateOrganization({ name: "Acme Inc" })
  const [{ id: productId }] = await issuer.getOrCreateProduct({ organizationId, name: "Weather API" })
  const plaintexts: Array<string> = []
  while (plaintexts.length < count) {
    const batch = Array.from({ length: Math.min(64, count - plaintexts.length) }, (_, index) =>
      issuer.createKey({
        organizationId,
        productId,
        name: `Alice's key ${plaintexts.length + index}`,
        scopes: ["forecast:*"],
        rateLimits: [limit],
        metadata: { userId: "u_alice", plan: "pro" }
      })
    )
    for (const { plaintext } of await Promise.all(batch)) plaintexts.push(plaintext)
  }
  return { plaintexts, asked: { productId, requiredScopes: ["forecast:read"] } }
}

/** One after the other, round and round. */
export const rotating =
  <A>(items: ReadonlyArray<A>) =>
  (index: number): A => {
    const item = items[index % items.length]
    if (item === undefined) throw new Error("There is nothing to go round")
    return item
  }
