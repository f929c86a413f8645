import { join } from "node:path"
import Database from "better-sqlite3"
import { beforeAll, describe, expect, it } from "vitest"
import { type Answer, type Call, makeApi, makeCustomer, operatorsOf } from "./server/Api.js"
import { documentedRoutes, isForOperators, pathOf, type Route } from "./server/documentedRoutes.js"
import { expectProblem } from "./server/expectProblem.js"
import { makeFolder } from "./server/folder.js"
import { adminKeyIn, type ServerProcess, spawnServer } from "./server/startServer.js"
import { watchApi } from "./server/watchedApi.js"

const folder = makeFolder()
const server: ServerProcess = spawnServer({ folder, env: { APIKEYS_STORE_TIMEOUT: "5" } })
const address = await server.listening
const plain = makeApi(address, adminKeyIn(folder))

let routes: ReadonlyArray<Route> = []
/** At the end, every status that the document names has been seen, and the logs are to hold no plaintext. */
const { api, plaintexts, seen } = watchApi(plain, () => routes)
plaintexts.push(adminKeyIn(folder))

beforeAll(async () => {
  routes = await documentedRoutes(plain)
})

const uuid = () => crypto.randomUUID()
const idsOf = (answer: Answer): ReadonlyArray<string> => answer.body.items.map(({ id }: { readonly id: string }) => id)

describe("organizations, projects and products", () => {
  it("are created, read, renamed and deleted", async () => {
    const organization = await api("POST", "/v1/organizations", { body: { name: "  Acme Inc " } })
    expect(organization).toMatchObject({
      status: 201,
      body: { name: "Acme Inc", createdAt: expect.stringMatching(/Z$/) }
    })
    const path = `/v1/organizations/${organization.body.id}`
    expect(await api("GET", path)).toMatchObject({ status: 200, body: organization.body })
    // Upper case is the same id.
    expect((await api("GET", path.toUpperCase().replace("/V1/ORGANIZATIONS", "/v1/organizations"))).status).toBe(200)
    expect(await api("PATCH", path, { body: { name: "Acme" } })).toMatchObject({ status: 200, body: { name: "Acme" } })
    for (const kind of ["projects", "products"]) {
      const created = await api("POST", `${path}/${kind}`, { body: { name: "One" } })
      expect(created).toMatchObject({ status: 201, body: { name: "One", organizationId: organization.body.id } })
      const own = `/v1/${kind}/${created.body.id}`
      expect(await api("GET", own)).toMatchObject({ status: 200, body: created.body })
      expect(await api("PATCH", own, { body: { name: "Two" } })).toMatchObject({ status: 200, body: { name: "Two" } })
      expect(await api("GET", `${path}/${kind}`)).toMatchObject({ status: 200, body: { items: [{ name: "Two" }] } })
      expect(await api("DELETE", own)).toMatchObject({ status: 204, body: undefined })
      expectProblem(await api("GET", own), 404, "not_found")
    }
    expect((await api("DELETE", path)).status).toBe(204)
    expectProblem(await api("GET", path), 404, "not_found")
  })

  it("keep their names apart, and stay while they have keys", async () => {
    const { organizationId, productId, projectId } = await makeCustomer(api)
    const path = `/v1/organizations/${organizationId}`
    const taken = await api("POST", "/v1/organizations", { body: { name: "Taken" } })
    expectProblem(await api("POST", "/v1/organizations", { body: { name: "Taken" } }), 409, "already_exists")
    expectProblem(await api("PATCH", path, { body: { name: "Taken" } }), 409, "already_exists")
    expectProblem(await api("DELETE", path), 409, "in_use")
    for (const [kind, id, owner] of [
      ["projects", projectId, { projectId }],
      ["products", productId, { productId }]
    ] as const) {
      const other = await api("POST", `${path}/${kind}`, { body: { name: "Taken" } })
      const again = await api("POST", `${path}/${kind}`, { body: { name: "Taken" } })
      expectProblem(again, 409, "already_exists")
      expect(again.body.existingId).toBe(other.body.id)
      expectProblem(await api("PATCH", `/v1/${kind}/${id}`, { body: { name: "Taken" } }), 409, "already_exists")
      await api("POST", "/v1/keys", { body: { organizationId, ...owner } })
      expectProblem(await api("DELETE", `/v1/${kind}/${id}`), 409, "in_use")
    }
    expect((await api("DELETE", `/v1/organizations/${taken.body.id}`)).status).toBe(204)
  })

  it("are linked, which may be repeated", async () => {
    const { productId, projectId } = await makeCustomer(api)
    const path = `/v1/projects/${projectId}/products`
    for (let time = 0; time < 2; time++) expect((await api("PUT", `${path}/${productId}`)).status).toBe(204)
    expect(idsOf(await api("GET", path))).toEqual([productId])
    for (let time = 0; time < 2; time++) expect((await api("DELETE", `${path}/${productId}`)).status).toBe(204)
    expect(idsOf(await api("GET", path))).toEqual([])
  })
})

describe("keys", () => {
  it("are told once, with no-store, and not again under the same idempotency key", async () => {
    const { organizationId } = await makeCustomer(api)
    const body = {
      organizationId,
      name: "Alice's key",
      scopes: ["docs:*"],
      rateLimits: [{ requests: 10, window: "minute" }],
      expiresAt: "2999-01-01T00:00:00Z",
      metadata: { plan: "pro" },
      idempotencyKey: "order-4711"
    }
    const created = await api("POST", "/v1/keys", { body })
    expect(created.status).toBe(201)
    expect(created.headers.get("cache-control")).toBe("no-store")
    expect(created.body.plaintext).toMatch(/^myapp_[0-9A-Za-z]{49}$/)
    expect(created.body.key).toMatchObject({
      name: "Alice's key",
      status: "active",
      scopes: ["docs:*"],
      rateLimits: [{ name: "default", requests: 10, window: "minute", algorithm: "fixed-window", burst: null }],
      expiresAt: "2999-01-01T00:00:00.000Z",
      metadata: { plan: "pro" }
    })
    const again = await api("POST", "/v1/keys", { body })
    expect(again).toMatchObject({ status: 200, body: { plaintext: null, key: created.body.key } })
    expect(await api("GET", `/v1/keys/${created.body.key.id}`)).toMatchObject({ status: 200, body: created.body.key })
    const other = await api("POST", "/v1/keys", { body: { ...body, name: "Bob's key" } })
    expectProblem(other, 422, "idempotency_conflict")
    expect(other.body.existingId).toBe(created.body.key.id)
  })

  it("are listed by owner and status, in pages that lose and repeat nothing", async () => {
    const { keyId, organizationId, projectId } = await makeCustomer(api)
    const ids = [keyId]
    for (let n = 0; n < 4; n++) {
      ids.unshift((await api("POST", "/v1/keys", { body: { organizationId, projectId } })).body.key.id)
    }
    const listed: Array<string> = []
    let cursor = ""
    do {
      const page = await api("GET", `/v1/keys?organizationId=${organizationId}&limit=2${cursor}`)
      expect(page.status).toBe(200)
      expect(page.body.items.length).toBeLessThanOrEqual(2)
      listed.push(...idsOf(page))
      cursor = page.body.nextCursor === null ? "" : `&cursor=${page.body.nextCursor}`
    } while (cursor !== "")
    expect(listed).toEqual(ids)

    expect((await api("POST", `/v1/keys/${ids[0]}/revoke`, { body: { reason: "leaked" } })).body).toMatchObject({
      status: "revoked",
      revokedReason: "leaked"
    })
    expect((await api("POST", `/v1/keys/${ids[0]}/revoke`)).body.revokedReason).toBe("leaked")
    const soon = new Date(Date.now() + 1500).toISOString()
    await api("PATCH", `/v1/keys/${ids[1]}`, { body: { expiresAt: soon } })
    await expect
      .poll(async () => idsOf(await api("GET", `/v1/keys?projectId=${projectId}&status=expired`)), { timeout: 15_000 })
      .toEqual([ids[1]])
    expect(idsOf(await api("GET", `/v1/keys?projectId=${projectId}&status=revoked`))).toEqual([ids[0]])
    expect(idsOf(await api("GET", `/v1/keys?projectId=${projectId}&status=active`))).toEqual([ids[2], ids[3]])
    const tomorrow = encodeURIComponent("2999-01-01T00:00:00+01:00")
    expect(idsOf(await api("GET", `/v1/keys?organizationId=${organizationId}&lastUsedBefore=${tomorrow}`))).toEqual(ids)

    expect((await api("POST", "/v1/keys/revoke", { body: { organizationId } })).body).toEqual({ revoked: 4 })
    expect((await api("DELETE", `/v1/keys/${ids[2]}`)).status).toBe(204)
    expectProblem(await api("GET", `/v1/keys/${ids[2]}`), 404, "not_found")
  })

  it("are changed field by field", async () => {
    const { keyId } = await makeCustomer(api, { name: "Before", metadata: { plan: "free" } })
    const changed = await api("PATCH", `/v1/keys/${keyId}`, { body: { name: null, scopes: ["read"] } })
    expect(changed).toMatchObject({ status: 200, body: { name: null, scopes: ["read"], metadata: { plan: "free" } } })
  })

  it("are disabled for a time, and rotated", async () => {
    const { keyId, plaintext, productId } = await makeCustomer(api)
    const problemOf = async (key: string) =>
      (await api("POST", "/v1/verify", { body: { key, productId } })).body.problem?.code
    const disabled = await api("POST", `/v1/keys/${keyId}/disable`, { body: { reason: "unpaid" } })
    expect(disabled).toMatchObject({ status: 200, body: { status: "disabled", disabledReason: "unpaid" } })
    expect(idsOf(await api("GET", `/v1/keys?status=disabled`))).toEqual([keyId])
    expect(await problemOf(plaintext)).toBe("disabled_key")
    expect(await api("POST", `/v1/keys/${keyId}/enable`)).toMatchObject({ status: 200, body: { status: "active" } })
    expect(await problemOf(plaintext)).toBe(undefined)

    const rotated = await api("POST", `/v1/keys/${keyId}/rotate`, { body: { overlap: "1 hour" } })
    expect(rotated).toMatchObject({ status: 200, body: { key: { id: keyId }, supersededUntil: expect.any(String) } })
    expect(rotated.headers.get("cache-control")).toBe("no-store")
    expect([await problemOf(plaintext), await problemOf(rotated.body.plaintext)]).toEqual([undefined, undefined])
    const again = await api("POST", `/v1/keys/${keyId}/rotate`)
    expect([await problemOf(plaintext), await problemOf(again.body.plaintext)]).toEqual(["invalid_key", undefined])
    expect((await api("POST", `/v1/keys/${keyId}/rotate`, { body: { overlap: "soon" } })).status).toBe(400)
    await api("POST", `/v1/keys/${keyId}/revoke`)
    expectProblem(await api("POST", `/v1/keys/${keyId}/rotate`), 409, "revoked_key")
  })

  it("have limits, which are read and started afresh", async () => {
    const { keyId, plaintext, productId } = await makeCustomer(api, { rateLimits: [{ requests: 5, window: "day" }] })
    await api("POST", "/v1/verify", { body: { key: plaintext, productId, cost: 3 } })
    expect(await api("GET", `/v1/keys/${keyId}/limits`)).toMatchObject({ status: 200, body: [{ remaining: 2 }] })
    expect((await api("POST", `/v1/keys/${keyId}/limits/reset`)).status).toBe(204)
    expect((await api("GET", `/v1/keys/${keyId}/limits`)).body).toMatchObject([{ remaining: 5 }])
  })
})

describe("verify", () => {
  const verdict = async (body: object) => {
    const answer = await api("POST", "/v1/verify", { body })
    expect(answer.status).toBe(200)
    return answer.body
  }

  it("tells what a key is good for, and why it is not, as data", async () => {
    const { keyId, organizationId, plaintext, productId } = await makeCustomer(api, {
      scopes: ["read"],
      rateLimits: [{ requests: 2, window: "day" }]
    })
    const key = plaintext
    expect(await verdict({ key, productId, requiredScopes: ["read"] })).toMatchObject({
      valid: true,
      key: { id: keyId, useCount: 1 },
      limits: [{ remaining: 1 }]
    })
    const code = async (body: object) => (await verdict(body)).problem.code
    expect(await code({ key, productId, requiredScopes: ["write"] })).toBe("insufficient_scope")
    expect(await code({ key, organizationId: uuid() })).toBe("key_not_allowed")
    expect(await code({ key: `${key}x`, organizationId })).toBe("invalid_key")
    expect(await code({ key, productId, cost: 2 })).toBe("quota_exceeded")
    await api("POST", `/v1/keys/${keyId}/revoke`)
    expect(await code({ key, productId })).toBe("revoked_key")
    // Nobody's key, and an operator's even less, is an answer to no question.
    expectProblem(await api("POST", "/v1/verify", { body: { key } }), 400, "invalid_input")
    expect(await code({ key: plaintexts[0], organizationId })).toBe("key_not_allowed")
  })
})

describe("the protected route", () => {
  it("greets whoever has a key for the product, and counts", async () => {
    const customer = await makeCustomer(api, { name: "Alice", rateLimits: [{ requests: 2, window: "day" }] })
    const path = `/v1/products/${customer.productId}/protected`
    const call: Call = { key: undefined, headers: { Authorization: `Bearer ${customer.plaintext}` } }
    const greeted = await api("GET", path, call)
    expect(greeted).toMatchObject({ status: 200, body: { message: "Hello, Alice", useCount: 1 } })
    expect(greeted.headers.get("ratelimit")).toMatch(/^"default";r=1;t=\d+$/)
    await api("GET", path, call)
    expectProblem(await api("GET", path, call), 429, "quota_exceeded")
    const other = await makeCustomer(api)
    expectProblem(await api("GET", path, { key: other.plaintext }), 403, "key_not_allowed")
  })
})

/** A request that would be good, were it not for what the test breaks. */
const callOf = (route: Route, call: Call): [string, string, Call] => [
  route.method,
  pathOf(route, uuid),
  { ...call, ...(route.hasBody && { body: {} }) }
]

const guardedRoutes = () => routes.filter((route) => route.statuses.includes(401))

describe("every route", { timeout: 60_000 }, () => {
  it("but that of health needs a key", async () => {
    expect(guardedRoutes().length).toBe(routes.length - 1)
    expect(await api("GET", "/health", { key: undefined })).toMatchObject({ status: 200, body: { healthy: true } })
    for (const route of guardedRoutes()) {
      const answer = await api(...callOf(route, { key: undefined }))
      expectProblem(answer, 401, "missing_credential", route.path)
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="api"')
      expectProblem(await api(...callOf(route, { key: "myapp_nonsense" })), 401, "invalid_key", route.path)
    }
  })

  it("of operators refuses a customer's key, of whatever scopes", async () => {
    const scopes = ["*", "management:read", "management:write", "management:*", "verify"]
    const organizationWide = await makeCustomer(api, { scopes })
    const { organizationId, productId } = organizationWide
    const narrowed = await api("POST", "/v1/keys", { body: { organizationId, productId, scopes } })
    const forOperators = routes.filter(isForOperators)
    expect(forOperators.length).toBe(routes.length - 2)
    for (const route of forOperators) {
      for (const key of [organizationWide.plaintext, narrowed.body.plaintext]) {
        expectProblem(await api(...callOf(route, { key })), 403, "key_not_allowed", `${route.method} ${route.path}`)
      }
    }
  })

  it("refuses input that breaks a rule", async () => {
    for (const route of guardedRoutes()) {
      const query = route.inPath.length === 0 && route.inQuery.length > 0 ? "?limit=0" : ""
      const body = route.hasBody ? { body: { nobodyKnows: 1 } } : {}
      const answer = await api(route.method, `${pathOf(route, "nonsense")}${query}`, body)
      expectProblem(answer, 400, "invalid_input", `${route.method} ${route.path}`)
      expect(answer.body.issues.length).toBeGreaterThan(0)
    }
    for (const query of ["limit=x", "limit=", "limit=1&limit=2", "cursor=x", "unknown=1", "limit=1001", "limit=1.5"]) {
      expectProblem(await api("GET", `/v1/organizations?${query}`), 400, "invalid_input", query)
    }
    for (const expiresAt of ["tomorrow", "2027", "1", "2027-01-01", 1, "2020-01-01T00:00:00Z"]) {
      const { organizationId } = await makeCustomer(api)
      expectProblem(await api("POST", "/v1/keys", { body: { organizationId, expiresAt } }), 400, "invalid_input")
    }
  })

  it("refuses what is too large, or of another type", async () => {
    const large = { text: " ".repeat(70_000), headers: { "Content-Type": "application/json" } }
    for (const route of routes) {
      const what = `${route.method} ${route.path}`
      if (route.statuses.includes(413)) {
        expectProblem(await api(route.method, pathOf(route, uuid), large), 413, "invalid_request", what)
        const text = { text: "x", headers: { "Content-Type": "text/plain" } }
        expectProblem(await api(route.method, pathOf(route, uuid), text), 415, "invalid_request", what)
      }
      if (route.inPath.length === 0) continue
      expectProblem(await api(route.method, pathOf(route, "x".repeat(101))), 414, "invalid_request", what)
    }
  })

  it("that looks something up says so where it is not there", async () => {
    const { productId } = await makeCustomer(api)
    const bodies: Readonly<Record<string, unknown>> = {
      "/v1/keys": { organizationId: uuid() },
      "/v1/keys/revoke": { organizationId: uuid() },
      "/v1/keys/{keyId}": {},
      "/v1/keys/{keyId}/revoke": {},
      "/v1/keys/{keyId}/disable": {},
      "/v1/keys/{keyId}/rotate": {}
    }
    for (const route of routes.filter(({ statuses }) => statuses.includes(404))) {
      const query = route.path === "/v1/keys" && route.method === "GET" ? `?productId=${uuid()}` : ""
      const body = route.hasBody ? { body: bodies[route.path] ?? { name: "x" } } : {}
      const answer = await api(route.method, `${pathOf(route, uuid)}${query}`, body)
      expectProblem(answer, 404, "not_found", `${route.method} ${route.path}`)
    }
    expectProblem(await api("PUT", `/v1/projects/${uuid()}/products/${productId}`), 404, "not_found")
  })

  it("is limited where the operator's key is", async () => {
    const { organizationId, productId } = await operatorsOf(api)
    const limited = await api("POST", "/v1/keys", {
      body: { organizationId, productId, scopes: ["*"], rateLimits: [{ requests: 1, window: "day" }] }
    })
    const key = limited.body.plaintext
    expect((await api("GET", "/v1/organizations", { key })).status).toBe(200)
    for (const route of routes.filter(isForOperators)) {
      const answer = await api(...callOf(route, { key }))
      expectProblem(answer, 429, "quota_exceeded", `${route.method} ${route.path}`)
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0)
    }
  })

  it("answers 503, and never 401, while the store does not", async () => {
    const customer = await makeCustomer(api)
    const path = `/v1/products/${customer.productId}/protected`
    const database = new Database(join(folder, "apikeys.db"))
    // Neither keys nor what others changed can be read: what the server remembers is not trusted for long.
    const tables = ["apikeys_digests", "apikeys_change_sequence"]
    for (const table of tables) database.exec(`alter table ${table} rename to ${table}_away`)
    try {
      await new Promise((resolve) => setTimeout(resolve, 2000))
      const answers = await Promise.all([
        api("GET", path, { key: customer.plaintext }),
        ...routes.filter(isForOperators).map((route) => api(...callOf(route, {})))
      ])
      for (const answer of answers) {
        expectProblem(answer, 503, "store_unavailable")
        expect(answer.headers.get("retry-after")).toBe("5")
        expect(JSON.stringify(answer.body)).not.toMatch(/sqlite/i)
      }
    } finally {
      for (const table of tables) database.exec(`alter table ${table}_away rename to ${table}`)
      database.close()
    }
    expect((await api("GET", path, { key: customer.plaintext })).status).toBe(200)
  })

  it("has been seen with every status that the document names, but for ill health", () => {
    const named = routes.flatMap(({ method, path, statuses }) =>
      statuses.map((status) => `${method} ${path} ${status}`)
    )
    expect(named.filter((each) => !seen.has(each))).toEqual(["GET /health 503"])
  })
})

it("the logs hold no plaintext, no secret, and nothing of a body", async () => {
  const { plaintext, productId } = await makeCustomer(api)
  await api("POST", "/v1/verify", { body: { key: "hunter2-of-no-form", productId } })
  await api("POST", "/v1/verify", { body: { key: plaintext, productId, hunter2: true } })
  const broken = `{"key": "hunter2", "productId": "${productId}`
  const headers = { "X-API-Key": adminKeyIn(folder), "Content-Type": "application/json" }
  expect((await fetch(`${address}/v1/verify`, { method: "POST", headers, body: broken })).status).toBe(400)
  await api("GET", `/v1/keys?cursor=${plaintext}`)
  await api("GET", `/v1/keys/${plaintext}`)
  await api("GET", `/${plaintext}`)
  const output = server.output()
  expect(output).toMatch(/"url":"\/v1\/verify"/)
  expect(output).toMatch(/"url":"\/v1\/keys\?cursor=myapp_[0-9A-Za-z]{4}…"/)
  expect(output).not.toContain("hunter2")
  expect(plaintexts.length).toBeGreaterThan(30)
  for (const each of plaintexts) expect(output).not.toContain(each.slice(0, 20))
  expect(output).not.toContain(adminKeyIn(folder).slice(6))
})
