import { ApiKeyClient, type Store } from "@apikeys/core"
import { expect } from "vitest"
import { makeApi } from "./Api.js"
import { expectProblem } from "./expectProblem.js"
import { adminKeyIn, type ServerOptions, spawnServer } from "./startServer.js"

export const signingSecret = "of no use but for this very test: 0123456789"

/** What another application does, or a server of an earlier version: an organization of the reserved name, with a key. */
const claimTheName = async (client: ApiKeyClient) => {
  const { id: organizationId } = await client.createOrganization({ name: "apikeys-system" })
  const { id: productId } = await client.createProduct({ organizationId, name: "Management API" })
  const { plaintext } = await client.createKey({ organizationId, productId, scopes: ["*"] })
  return { organizationId, key: plaintext }
}

const refusal = async (options: ServerOptions) => {
  const server = spawnServer(options)
  expect(await server.exited).toBe(1)
  return server.output()
}

const whileRunning = async (options: ServerOptions, look: (address: string) => Promise<void>) => {
  const server = spawnServer(options)
  await look(await server.listening)
  server.kill("SIGTERM")
  expect(await server.exited).toBe(0)
}

/**
 * Somebody has the reserved name before the first start. The server does not start. It starts with that
 * organization if a setting says to adopt it, and with an organization of its own if the name is free again.
 */
export const startWithClaimedName = async (folder: string, store: Store, env: Readonly<Record<string, string>>) => {
  const client = await ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp" })
  try {
    const { key, organizationId } = await claimTheName(client)
    const words = await refusal({ folder, env })
    expect(words).toContain(`belongs to the organization ${organizationId}`)
    expect(words).toContain("APIKEYS_OPERATORS_ORGANIZATION")
    expect(words).toContain("update apikeys_organizations set name")

    const project = await client.createProject({ organizationId, name: "of somebody else" })
    const adopting = { ...env, APIKEYS_OPERATORS_ORGANIZATION: organizationId }
    expect(await refusal({ folder, env: adopting })).toContain("and no project")
    await client.deleteProject(project.id)
    await whileRunning({ folder, env: adopting }, async (address) => {
      for (const operator of [key, adminKeyIn(folder)]) {
        expect((await makeApi(address, operator)("GET", "/v1/organizations")).status).toBe(200)
      }
    })

    await client.renameOrganization(organizationId, { name: "not the operators" })
    const adminKeyFile = { APIKEYS_ADMIN_KEY_FILE: `${folder}/own.key` }
    expect(await refusal({ folder, env: { ...adopting, ...adminKeyFile } })).toContain(
      "APIKEYS_OPERATORS_ORGANIZATION is not the id of an organization apikeys-system"
    )
    await whileRunning({ folder, env: { ...env, ...adminKeyFile } }, async (address) => {
      expectProblem(await makeApi(address, key)("GET", "/v1/organizations"), 403, "key_not_allowed")
    })

    // Once it has an organization of its own, its id counts: neither its name, nor who takes the reserved name next.
    const own = await client.getOrganizationByName({ name: "apikeys-system" })
    await client.renameOrganization(own.id, { name: "operators" })
    const { key: later } = await claimTheName(client)
    await whileRunning({ folder, env: { ...env, ...adminKeyFile } }, async (address) => {
      expectProblem(await makeApi(address, later)("GET", "/v1/organizations"), 403, "key_not_allowed")
    })
  } finally {
    await client.close()
  }
}
