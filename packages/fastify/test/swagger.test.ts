import { ApiKeyClient, MemoryStore } from "@apikeys/core"
import { fastifyApiKeys, securitySchemes } from "@apikeys/fastify"
import swagger from "@fastify/swagger"
import Fastify from "fastify"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

describe("@fastify/swagger", () => {
  let client: ApiKeyClient
  beforeAll(async () => {
    client = await ApiKeyClient.open({
      store: MemoryStore.layer,
      signingSecret: "of no use but for this very test: 0123456789"
    })
  })
  afterAll(() => client.close())

  it.each(["before", "after"])("shows which routes need a key, registered %s", async (order) => {
    const app = Fastify()
    const document = () =>
      app.register(swagger, { openapi: { openapi: "3.1.0", components: { securitySchemes: securitySchemes() } } })
    if (order === "before") await document()
    await app.register(fastifyApiKeys, { client })
    if (order === "after") await document()
    const handler = () => ({})
    app.get("/config", { config: { apiKey: true }, schema: { description: "Guarded" } }, handler)
    app.get("/hook", { onRequest: app.requireApiKey() }, handler)
    app.get("/hooks", { onRequest: [(_request, _reply, done) => done(), app.requireApiKey()] }, handler)
    app.get("/one", { config: { apiKey: { credentials: { bearer: false } } } }, handler)
    app.get("/own", { config: { apiKey: true }, schema: { security: [{ bearer: [] }] } }, handler)
    app.get("/open", handler)
    await app.ready()

    const { components, paths } = app.swagger() as {
      readonly components: { readonly securitySchemes: unknown }
      readonly paths: Readonly<Record<string, { readonly get: Readonly<Record<string, unknown>> }>>
    }
    assert.deepStrictEqual(components.securitySchemes, securitySchemes())
    const both = [{ bearer: [] }, { "X-API-Key": [] }]
    assert.deepStrictEqual(
      Object.fromEntries(Object.entries(paths).map(([path, { get }]) => [path, get["security"]])),
      {
        "/config": both,
        "/hook": both,
        "/hooks": both,
        "/one": [{ "X-API-Key": [] }],
        "/own": [{ bearer: [] }],
        "/open": undefined
      }
    )
    assert.strictEqual(paths["/config"]?.get["description"], "Guarded")
  })
})
