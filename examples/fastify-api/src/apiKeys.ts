import { ApiKeyClient } from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"

/** The client, and what keys of this API belong to. */
export interface ClockKeys {
  readonly client: ApiKeyClient
  readonly organizationId: string
  /** What customers' keys are good for. */
  readonly clockId: string
  /** What the operators' keys are good for. A product of its own: no scope of a customer's key reaches it, not even `*`. */
  readonly administrationId: string
}

/** Safe on every start, and in several processes at once: what is there already is found. */
export const openApiKeys = async (): Promise<ClockKeys> => {
  const client = await ApiKeyClient.open({
    store: SqliteStore.layer({ filename: process.env.DATABASE_FILE ?? "clock.db" }),
    signingSecret: process.env.APIKEYS_SIGNING_SECRET, // openssl rand -hex 32
    keyPrefix: "clock"
  })
  const [{ id: organizationId }] = await client.getOrCreateOrganization({ name: "Clock Inc" })
  const [{ id: clockId }] = await client.getOrCreateProduct({ organizationId, name: "World clock" })
  const [{ id: administrationId }] = await client.getOrCreateProduct({ organizationId, name: "Administration" })
  return { client, organizationId, clockId, administrationId }
}
