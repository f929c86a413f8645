import { ApiKeyClient, MemoryStore } from "@apikeys/core"
import { Validator } from "@seriousme/openapi-schema-validator"
import Fastify, { type RouteOptions } from "fastify"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { api as registerApi } from "../src/api.js"
import { findOperators } from "../src/operators.js"

const signingSecret = "of no use but for this very test: 0123456789"

describe("the document", () => {
  const app = Fastify()
  const routes: Array<RouteOptions> = []
  let client: ApiKeyClient
  beforeAll(async () => {
    client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret })
    app.addHook("onRoute", (route) => {
      routes.push(route)
    })
    await registerApi(app, { client, operators: await findOperators(client, { signingSecret, adopted: null }) })
    await app.ready()
  })
  afterAll(async () => {
    await app.close()
    await client.close()
  })

  const get = async (url: string) => {
    const answer = await app.inject({ url })
    expect(answer.statusCode, url).toBe(200)
    return answer
  }

  it("is valid OpenAPI 3.1, and all of its references resolve", async () => {
    const document = (await get("/openapi.json")).json()
    const validator = new Validator()
    expect(await validator.validate(structuredClone(document))).toMatchObject({ valid: true })
    expect(validator.version).toBe("3.1")
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(50)
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!)
  })

  it("names the routes that there are, and no others", async () => {
    const documented = Object.entries((await get("/openapi.json")).json().paths as Record<string, object>)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
      .sort()
    const served = routes
      .filter(({ method, url }) => method !== "HEAD" && url !== "/openapi.json" && !url.startsWith("/docs"))
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`)
      .sort()
    expect(documented).toEqual(served)
  })

  it("tells what the domain's schemas ask for", async () => {
    const { components, paths } = (await get("/openapi.json")).json()
    const body = paths["/v1/keys"].post.requestBody.content["application/json"].schema
    expect(body.required).toEqual(["organizationId"])
    expect(body.properties.organizationId).toMatchObject({ type: "string", format: "uuid" })
    expect(JSON.stringify(body.properties.rateLimits)).toContain('"maxItems":16')
    expect(JSON.stringify(body.properties.scopes)).toContain('"maxLength":128')
    expect(paths["/v1/organizations"].get.parameters[0].schema).toMatchObject({
      type: "integer",
      minimum: 1,
      maximum: 1000
    })
    const { security } = (await get("/openapi.json")).json()
    expect(security.map((each: object) => Object.keys(each)[0])).toEqual(Object.keys(components.securitySchemes))
    expect(
      Object.entries<{ get?: { security?: [] } }>(paths).filter(([, { get }]) => get?.security?.length === 0)
    ).toHaveLength(1)
  })

  it("names the scopes that each operation needs, and says what they are for", async () => {
    const { info, paths } = (await get("/openapi.json")).json()
    const scopesOf = (path: string, method: string) =>
      paths[path][method].security.map((each: Record<string, ReadonlyArray<string>>) => Object.values(each)[0])
    for (const [path, method, scope] of [
      ["/v1/keys", "get", "management:read"],
      ["/v1/keys", "post", "management:write"],
      ["/v1/keys/{keyId}/rotate", "post", "management:write"],
      ["/v1/verify", "post", "verify"],
      ["/v1/products/{productId}/protected", "get", "read"]
    ] as const) {
      const scopes = scopesOf(path, method)
      expect(scopes.length).toBeGreaterThan(0)
      for (const each of scopes) expect(each).toEqual([scope])
    }
    for (const scope of ["management:read", "management:write", "operators:write", "keys:rotate", "verify"]) {
      expect(info.description).toContain(`- \`${scope}\`: `)
    }
    const { description } = paths["/v1/keys/{keyId}/rotate"].post
    expect(description).toContain("`keys:rotate`")
    expect(description).toContain("`operators:write`")
  })

  it("names what is refused before a route runs", async () => {
    const { paths } = (await get("/openapi.json")).json()
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const expected = [...(method === "get" ? [] : ["413", "415"]), ...(path.includes("{") ? ["414"] : [])].sort()
        const named = Object.keys(responses).filter((status) => ["413", "414", "415"].includes(status))
        expect(named.sort(), `${method} ${path}`).toEqual(expected)
      }
    }
  })

  it("can be browsed, on a page that loads nothing from elsewhere", async () => {
    const page = await get("/docs/")
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/)
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset!)
    expect(assets.length).toBeGreaterThanOrEqual(5)
    for (const asset of assets) await get(new URL(asset, "http://localhost/docs/").href.replace("http://localhost", ""))
    expect((await get("/docs/json")).json()).toEqual((await get("/openapi.json")).json())
  })
})
