import { expect, it } from "vitest"
import { AlreadyExistsError, InUseError, InvalidInputError, NotFoundError } from "../../domain/Errors.js"
import { many } from "../contract.js"
import { uniqueName } from "../fixtures.js"
import { absentId, issueKey, makeAcme, makeTenants, type OpenedClient, race, rejects } from "./clientFixtures.js"

export const clientTenants = (opened: OpenedClient): void => {
  it("creates an organization once, however many ask for it at once", async () => {
    const client = opened()
    const name = uniqueName()
    const { fulfilled } = await race(many, () => client.getOrCreateOrganization({ name }))
    expect(fulfilled).toHaveLength(many)
    expect(fulfilled.filter(([, created]) => created)).toHaveLength(1)
    expect(new Set(fulfilled.map(([organization]) => organization.id)).size).toBe(1)
  })

  it("creates projects and products once, however many ask for them at once", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const projects = await race(many, () => client.getOrCreateProject({ organizationId, name: "Website" }))
    const products = await race(many, () => client.getOrCreateProduct({ organizationId, name: "Website" }))
    for (const { fulfilled } of [projects, products]) {
      expect(fulfilled).toHaveLength(many)
      expect(fulfilled.filter(([, created]) => created)).toHaveLength(1)
    }
    expect((await client.listProjects({ organizationId })).items).toHaveLength(1)
    expect((await client.listProducts({ organizationId })).items).toHaveLength(1)
  })

  it("names the holder of a name that is taken", async () => {
    const client = opened()
    const organization = await makeAcme(client)
    const organizationId = organization.id
    const project = await client.createProject({ organizationId, name: "Website" })
    await rejects(client.createOrganization({ name: `  ${organization.name} ` }), AlreadyExistsError, {
      code: "already_exists",
      entity: "organization",
      existingName: organization.name,
      existingId: organization.id
    })
    await rejects(client.createProject({ organizationId, name: "Website" }), AlreadyExistsError, {
      entity: "project",
      existingId: project.id
    })
    expect((await client.createProject({ organizationId, name: "website" })).id).not.toBe(project.id)
  })

  it("finds by id, in either case, and by name", async () => {
    const client = opened()
    const organization = await makeAcme(client)
    const organizationId = organization.id
    const product = await client.createProduct({ organizationId, name: "Weather" })
    expect(await client.getOrganization(organization.id.toUpperCase())).toEqual(organization)
    expect(await client.getOrganizationByName({ name: organization.name })).toEqual(organization)
    expect(await client.getProduct(product.id)).toEqual(product)
    expect(await client.getProductByName({ organizationId, name: "Weather" })).toEqual(product)
  })

  it("says of everything absent that it is not found", async () => {
    const client = opened()
    const id = absentId()
    const { productId, projectId } = await makeTenants(client)
    const calls: ReadonlyArray<readonly [string, Promise<unknown>]> = [
      ["organization", client.getOrganization(id)],
      ["organization", client.getOrganizationByName({ name: uniqueName() })],
      ["organization", client.renameOrganization(id, { name: uniqueName() })],
      ["organization", client.deleteOrganization(id)],
      ["organization", client.createProject({ organizationId: id, name: "Website" })],
      ["organization", client.getOrCreateProduct({ organizationId: id, name: "Weather" })],
      ["organization", client.listProjects({ organizationId: id })],
      ["organization", client.listProducts({ organizationId: id })],
      ["organization", client.listKeys({ organizationId: id })],
      ["organization", client.revokeKeys({ organizationId: id })],
      ["organization", client.createKey({ organizationId: id })],
      ["project", client.getProject(id)],
      ["project", client.deleteProject(id)],
      ["project", client.listProductsOfProject({ projectId: id })],
      ["project", client.addProductToProject({ projectId: id, productId })],
      ["project", client.removeProductFromProject({ projectId: id, productId })],
      ["product", client.getProduct(id)],
      ["product", client.renameProduct(id, { name: "Weather" })],
      ["product", client.addProductToProject({ projectId, productId: id })],
      ["product", client.removeProductFromProject({ projectId, productId: id })],
      ["key", client.getKey(id)],
      ["key", client.updateKey(id, { name: "A name" })],
      ["key", client.updateKey(id, {})],
      ["key", client.revokeKey(id)],
      ["key", client.deleteKey(id)],
      ["key", client.getLimits(id)],
      ["key", client.resetLimits(id)]
    ]
    await Promise.all(calls.map(([entity, call]) => rejects(call, NotFoundError, { code: "not_found", entity })))
  })

  it("renames", async () => {
    const client = opened()
    const { organizationId, projectId } = await makeTenants(client)
    const name = uniqueName("Renamed")
    expect((await client.renameOrganization(organizationId, { name })).name).toBe(name)
    expect((await client.getOrganization(organizationId)).name).toBe(name)
    expect((await client.renameProject(projectId, { name: "Shop" })).name).toBe("Shop")
    await client.createProject({ organizationId, name: "Blog" })
    await rejects(client.renameProject(projectId, { name: "Blog" }), AlreadyExistsError)
  })

  it("deletes nothing to which keys belong, and says how many", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    await client.addProductToProject({ productId, projectId })
    const { key } = await issueKey(client, { organizationId, projectId, productId })
    await client.revokeKey(key.id)
    await rejects(client.deleteOrganization(organizationId), InUseError, { entity: "organization", keys: 1 })
    await rejects(client.deleteProject(projectId), InUseError, { code: "in_use", id: projectId, keys: 1 })
    await rejects(client.deleteProduct(productId), InUseError, { entity: "product", keys: 1 })
    await client.deleteKey(key.id)
    await client.deleteOrganization(organizationId)
    await rejects(client.getProject(projectId), NotFoundError)
    await rejects(client.getProduct(productId), NotFoundError)
  })

  it("links and unlinks idempotently, within one organization", async () => {
    const client = opened()
    const { organizationId, productId, projectId } = await makeTenants(client)
    const stranger = await makeTenants(client)
    await client.addProductToProject({ productId, projectId })
    await client.addProductToProject({ productId, projectId })
    expect((await client.listProductsOfProject({ projectId })).items.map(({ id }) => id)).toEqual([productId])
    await rejects(client.addProductToProject({ productId: stranger.productId, projectId }), NotFoundError, {
      entity: "product"
    })
    await client.removeProductFromProject({ productId, projectId })
    await client.removeProductFromProject({ productId, projectId })
    expect((await client.listProductsOfProject({ projectId })).items).toEqual([])
    expect((await client.listProducts({ organizationId })).items).toHaveLength(1)
  })

  it("pages newest first, and refuses the cursor of another listing", async () => {
    const client = opened()
    const { id: organizationId } = await makeAcme(client)
    const names = ["A", "B", "C", "D", "E"]
    for (const name of names) await client.createProject({ organizationId, name })
    const first = await client.listProjects({ organizationId, limit: 2 })
    const second = await client.listProjects({ organizationId, limit: 2, cursor: first.nextCursor })
    const third = await client.listProjects({ organizationId, limit: 2, cursor: second.nextCursor })
    const walked = [first, second, third].flatMap(({ items }) => items.map(({ name }) => name))
    expect(walked).toEqual([...names].reverse())
    expect(third.nextCursor).toBeNull()
    await rejects(client.listProducts({ organizationId, cursor: first.nextCursor }), InvalidInputError, {
      issues: [{ path: "cursor", rule: "is of another listing" }]
    })
  })
}
