import { describe, expect, it } from "vitest"
import { makeApi, operatorsOf } from "./server/Api.js"
import { expectProblem } from "./server/expectProblem.js"
import { makeFolder } from "./server/folder.js"
import { adminKeyIn, spawnServer } from "./server/startServer.js"

const folder = makeFolder()
const address = await spawnServer({ folder }).listening
const api = makeApi(address, adminKeyIn(folder))

describe("among operators", () => {
  it("a scope says who may read, write and verify, and nobody rises above themselves", async () => {
    const operators = await operatorsOf(api)
    const keyOf = async (scopes: ReadonlyArray<string>) =>
      (await api("POST", "/v1/keys", { body: { ...operators, scopes } })).body
    const reader = (await keyOf(["management:read"])).plaintext
    const writer = await keyOf(["management:write", "management:read", "operators:write"])
    const gateway = (await keyOf(["verify"])).plaintext
    const question = { key: gateway, organizationId: operators.organizationId }
    const refused = async (key: string, method: string, path: string, body?: object) =>
      expectProblem(await api(method, path, { key, body }), 403, "insufficient_scope", `${method} ${path}`)

    expect((await api("GET", "/v1/organizations", { key: reader })).status).toBe(200)
    await refused(reader, "POST", "/v1/organizations", { name: "x" })
    await refused(reader, "POST", "/v1/verify", question)
    await refused(gateway, "GET", "/v1/organizations")
    await refused(gateway, "POST", "/v1/keys", { ...operators, scopes: ["*"] })
    expect((await api("POST", "/v1/verify", { key: gateway, body: question })).status).toBe(200)

    const { key: above } = await keyOf(["*"])
    const of = writer.plaintext
    await refused(of, "POST", "/v1/verify", question)
    await refused(of, "POST", "/v1/keys", { ...operators, scopes: ["*"] })
    await refused(of, "POST", "/v1/keys", { organizationId: operators.organizationId, scopes: ["verify"] })
    const { key: peer } = await keyOf(["management:read"])
    await refused(of, "PATCH", `/v1/keys/${peer.id}`, { scopes: ["*"] })
    await refused(of, "PATCH", `/v1/keys/${above.id}`, { scopes: [] })
    await refused(of, "POST", `/v1/keys/${above.id}/revoke`, {})
    await refused(of, "POST", `/v1/keys/${above.id}/limits/reset`)
    for (const change of ["disable", "enable", "rotate"]) {
      await refused(of, "POST", `/v1/keys/${above.id}/${change}`, change === "enable" ? undefined : {})
    }
    await refused(of, "DELETE", `/v1/keys/${above.id}`)
    expect((await api("GET", `/v1/keys/${above.id}`)).body).toMatchObject({ status: "active", scopes: ["*"] })
    const within = await api("POST", "/v1/keys", { key: of, body: { ...operators, scopes: ["management:read"] } })
    expect(within.status).toBe(201)
  })

  it("nobody renames, deletes, fills or empties what they stand on", async () => {
    const { organizationId, productId } = await operatorsOf(api)
    for (const [method, path, body] of [
      ["PATCH", `/v1/organizations/${organizationId}`, { name: "x" }],
      ["DELETE", `/v1/organizations/${organizationId}`, undefined],
      ["PATCH", `/v1/products/${productId}`, { name: "x" }],
      ["DELETE", `/v1/products/${productId}`, undefined],
      ["POST", `/v1/organizations/${organizationId}/projects`, { name: "x" }],
      ["POST", `/v1/organizations/${organizationId}/products`, { name: "x" }],
      ["POST", "/v1/keys/revoke", { organizationId }],
      ["POST", "/v1/keys/revoke", { productId: productId.toUpperCase() }]
    ] as const) {
      expectProblem(await api(method, path, { body }), 403, "reserved", `${method} ${path}`)
    }
  })
})

describe("what is no route, and what is no request", () => {
  it("is a problem too", async () => {
    expectProblem(await api("GET", "/nowhere", { key: undefined }), 404, "no_such_route")
    expectProblem(await api("GET", "/v1/nowhere"), 404, "no_such_route")
    const post = (body: string, type = "application/json") =>
      fetch(`${address}/v1/organizations`, {
        method: "POST",
        headers: { "X-API-Key": adminKeyIn(folder), "Content-Type": type },
        body
      })
    for (const [response, status] of [
      [await post('{"name": "hunter2-in-broken-json'), 400],
      [await post("<name/>", "text/xml"), 415],
      [await post("name", "text/plain"), 415],
      [await post(JSON.stringify({ name: "x".repeat(70_000) })), 413],
      [await fetch(`${address}/v1/organizations/%E0%A4%A`), 400]
    ] as const) {
      expect(response.status).toBe(status)
      expect(response.headers.get("content-type")).toBe("application/problem+json")
      expect(await response.json()).toMatchObject({ status, code: "invalid_request" })
    }
  })

  it("no other origin is let in", async () => {
    const preflight = await fetch(`${address}/v1/organizations`, {
      method: "OPTIONS",
      headers: { Origin: "https://example.com", "Access-Control-Request-Method": "POST" }
    })
    expect(preflight.status).toBe(404)
    const answer = await api("GET", "/v1/organizations", { headers: { Origin: "https://example.com" } })
    const fields = [...preflight.headers.keys(), ...answer.headers.keys()]
    expect(fields.filter((name) => name.startsWith("access-control-"))).toEqual([])
    expect(new URL(address).hostname).toBe("127.0.0.1")
  })
})
