import { expect, it } from "vitest"
import { InsufficientScopeError, KeyNotAllowedError } from "../../domain/Errors.js"
import { absentId, issueKey, makeAcme, makeTenants, type OpenedClient, rejects } from "./clientFixtures.js"

export const clientAccess = (opened: OpenedClient): void => {
  it("lets links decide for keys of a product alone, and of a project alone", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const byProduct = await issueKey(client, { organizationId, productId })
    const byProject = await issueKey(client, { organizationId, projectId })
    await rejects(client.validateKey(byProduct.plaintext, { projectId }), KeyNotAllowedError, { constraint: "project" })
    await rejects(client.validateKey(byProject.plaintext, { productId }), KeyNotAllowedError, { constraint: "product" })
    await client.addProductToProject({ productId, projectId })
    expect((await client.validateKey(byProduct.plaintext, { projectId })).key.id).toBe(byProduct.key.id)
    expect((await client.validateKey(byProject.plaintext, { productId })).key.id).toBe(byProject.key.id)
    await client.removeProductFromProject({ productId, projectId })
    await rejects(client.validateKey(byProject.plaintext, { productId }), KeyNotAllowedError, { constraint: "product" })
  })

  it("lets a key of the whole organization pass for all of it, together where linked", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const { key, plaintext } = await issueKey(client, { organizationId })
    for (const target of [{}, { organizationId }, { projectId }, { productId }]) {
      expect((await client.validateKey(plaintext, target)).key.id).toBe(key.id)
    }
    await rejects(client.validateKey(plaintext, { projectId, productId }), KeyNotAllowedError)
    await client.addProductToProject({ productId, projectId })
    expect((await client.validateKey(plaintext, { projectId, productId })).key.id).toBe(key.id)
  })

  it("refuses what is another organization's, another project's, or unknown, and names no id", async () => {
    const client = opened()
    const mine = await makeTenants(client)
    const theirs = await makeTenants(client)
    const { key, plaintext } = await issueKey(client, { organizationId: mine.organizationId })
    const refused = (target: object, constraint: string) =>
      rejects(client.validateKey(plaintext, target), KeyNotAllowedError, {
        code: "key_not_allowed",
        keyId: key.id,
        constraint
      })
    await refused({ organizationId: theirs.organizationId }, "organization")
    await refused({ organizationId: absentId() }, "organization")
    await refused({ projectId: theirs.projectId }, "project")
    await refused({ projectId: absentId() }, "project")
    await refused({ productId: theirs.productId }, "product")
    const error = await refused({ productId: absentId() }, "product")
    expect(JSON.stringify(error)).not.toContain(theirs.organizationId)
    const other = await client.createProject({ organizationId: mine.organizationId, name: "Shop" })
    const narrowed = await issueKey(client, { organizationId: mine.organizationId, projectId: mine.projectId })
    await rejects(client.validateKey(narrowed.plaintext, { projectId: other.id }), KeyNotAllowedError)
  })

  it("asks for every required scope; none grant nothing", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const { key, plaintext } = await issueKey(client, { organizationId, scopes: ["docs:*", "read"] })
    expect((await client.validateKey(plaintext, { requiredScopes: ["docs:read:own", "read"] })).key.id).toBe(key.id)
    await rejects(
      client.validateKey(plaintext, { requiredScopes: ["read", "docs", "write"] }),
      InsufficientScopeError,
      { code: "insufficient_scope", keyId: key.id, required: ["read", "docs", "write"], missing: ["docs", "write"] }
    )
    const bare = await issueKey(client, { organizationId })
    await rejects(client.validateKey(bare.plaintext, { requiredScopes: ["read"] }), InsufficientScopeError)
    const all = await issueKey(client, { organizationId, scopes: ["*"] })
    expect((await client.validateKey(all.plaintext, { requiredScopes: ["anything:at:all"] })).key.id).toBe(all.key.id)
  })
}
