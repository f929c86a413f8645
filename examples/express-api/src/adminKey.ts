import { openApiKeys } from "./apiKeys.js"

// The first key cannot come over HTTP, where one would be needed to ask for it.
const { administrationId, client, organizationId } = await openApiKeys()
const { plaintext } = await client.createKey({
  organizationId,
  productId: administrationId,
  name: process.argv[2] ?? "Operator",
  scopes: ["keys:read", "keys:write"]
})
console.log(plaintext)
await client.close()
