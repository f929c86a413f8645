import { randomBytes } from "node:crypto"
import { ApiKeyClient, type CreatedKeyData, type CreateKeyOptions, MemoryStore, type Store } from "@apikeys/core"
import { vi } from "vitest"

/** When everything is set up; keys that expire do so after this, and before {@link now}. */
const setUpAt = new Date("2025-06-14T00:00:00.000Z")

/** When requests are sent: 44 seconds before a minute ends. */
export const now = new Date("2025-06-15T12:00:16.000Z")

export const expiredAt = new Date("2025-06-15T00:00:00.000Z")

type KeyOptions = Partial<CreateKeyOptions>

/** A tenant with all it may have, and keys of every state. */
export interface World {
  readonly client: ApiKeyClient
  /** One that does not answer. */
  readonly down: ApiKeyClient
  readonly organizationId: string
  readonly otherOrganizationId: string
  readonly projectId: string
  readonly otherProjectId: string
  readonly productId: string
  readonly otherProductId: string
  readonly createKey: (options?: KeyOptions) => Promise<CreatedKeyData>
  readonly expired: CreatedKeyData
  readonly revoked: CreatedKeyData
  readonly close: () => Promise<void>
}

const open = (store: Store = MemoryStore.layer) =>
  ApiKeyClient.open({ store, signingSecret: randomBytes(32).toString("hex"), keyPrefix: "myapp" })

/** Time stands still at {@link now}, for all that asks for the date; timers run. */
export const makeWorld = async (): Promise<World> => {
  vi.useFakeTimers({ toFake: ["Date"], now: setUpAt })
  const client = await open()
  const down = await open()
  await down.close()
  const organization = await client.createOrganization({ name: "Acme Inc" })
  const other = await client.createOrganization({ name: "Another Inc" })
  const organizationId = organization.id
  const project = await client.createProject({ organizationId, name: "v1" })
  const otherProject = await client.createProject({ organizationId, name: "v2" })
  const product = await client.createProduct({ organizationId, name: "My API" })
  const otherProduct = await client.createProduct({ organizationId, name: "Another API" })
  await client.addProductToProject({ projectId: project.id, productId: product.id })
  const createKey = (options: KeyOptions = {}) => client.createKey({ organizationId, ...options })
  const expired = await createKey({ expiresAt: expiredAt })
  const revoked = await createKey()
  await client.revokeKey(revoked.key.id)
  vi.setSystemTime(now)
  return {
    client,
    down,
    organizationId,
    otherOrganizationId: other.id,
    projectId: project.id,
    otherProjectId: otherProject.id,
    productId: product.id,
    otherProductId: otherProduct.id,
    createKey,
    expired,
    revoked,
    close: async () => {
      await client.close()
      vi.useRealTimers()
    }
  }
}
