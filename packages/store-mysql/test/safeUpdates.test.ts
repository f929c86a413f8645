import { ApiKeyClient } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { selectedServices, startServer, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"

const signingSecret = "a signing secret of 0123456789abcdef, of letters"

const exercise = async (client: ApiKeyClient): Promise<void> => {
  const organization = await client.createOrganization({ name: "Acme Inc" })
  const owner = { organizationId: organization.id }
  const project = await client.createProject({ ...owner, name: "v1" })
  const product = await client.createProduct({ ...owner, name: "API" })
  const link = { projectId: project.id, productId: product.id }
  await client.addProductToProject(link)
  const keys = await Promise.all(
    ["one", "two", "three", "four"].map((name) =>
      client.createKey({ ...owner, name, rateLimits: [{ requests: 10, window: "minute" }] })
    )
  )
  const [first, second, third] = keys.map(({ key }) => key.id) as [string, string, string]
  for (const { plaintext } of keys) {
    assert.strictEqual((await client.validateKey(plaintext)).limits[0]?.remaining, 9)
  }
  await client.updateKey(first, { name: "renamed", scopes: ["read"] })
  await client.disableKey(first)
  await client.enableKey(first)
  await client.rotateKey(first)
  await client.resetLimits(second)
  await client.revokeKey(second, { reason: "lost" })
  await client.deleteKey(third)
  await client.removeProductFromProject(link)
  await client.deleteProduct(product.id)
  await client.deleteProject(project.id)
  assert.strictEqual(await client.revokeKeys(owner), 2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await client.pruneKeys({ ...owner, revokedBefore: new Date() })
  await client.renameOrganization(organization.id, { name: "Acme" })
}

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  describe(`a server of ${title} that refuses what names no key`, () => {
    it("is as any other", async () => {
      const server = await startServer(service, { settings: ["--init-connect=set sql_safe_updates = 1"] })
      try {
        // Who may do anything is spared what is done for everybody who connects.
        await withConnection(server.url, async (query) => {
          await query("create user app@'%' identified by 'a password'")
          await query("grant all on apikeys.* to app@'%'")
        })
        const own = new URL(server.url)
        own.username = "app"
        own.password = encodeURIComponent("a password")
        const [row] = await withConnection(own.href, (query) => query("select @@sql_safe_updates as safe"))
        assert.strictEqual(Number(row?.["safe"]), 1)
        const store = MysqlStore.layer({ url: own.href, timeout: "20 seconds" })
        const client = await ApiKeyClient.open({ store, signingSecret })
        await exercise(client)
        assert.deepStrictEqual(await client.close(), { unflushedUses: 0 })
      } finally {
        await server.stop()
      }
    }, 120_000)
  })
}
