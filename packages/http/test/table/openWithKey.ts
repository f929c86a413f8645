import { ApiKeyClient, MemoryStore } from "@apikeys/core"

/** A client of a store in memory, and the plaintext of the one key in it. */
export const openWithKey = async () => {
  const client = await ApiKeyClient.open({
    store: MemoryStore.layer,
    signingSecret: "of no use but for this very test: 0123456789"
  })
  const { id } = await client.createOrganization({ name: "Acme Inc" })
  const { plaintext } = await client.createKey({ organizationId: id })
  return { client, key: plaintext }
}
