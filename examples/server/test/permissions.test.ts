import { beforeAll, describe, expect, it } from "vitest"
import { makeApi, makeCustomer, operatorsOf } from "./server/Api.js"
import { expectProblem } from "./server/expectProblem.js"
import { makeFolder } from "./server/folder.js"
import { adminKeyIn, spawnServer } from "./server/startServer.js"

const folder = makeFolder()
const address = await spawnServer({ folder }).listening
const api = makeApi(address, adminKeyIn(folder))
let operators: { readonly organizationId: string; readonly productId: string }
beforeAll(async () => {
  operators = await operatorsOf(api)
})

interface Operator {
  readonly id: string
  readonly key: string
}

const makeOperator = async (fields: object, key?: string): Promise<Operator> => {
  const created = await api("POST", "/v1/keys", {
    body: { ...operators, ...fields },
    ...(key !== undefined && { key })
  })
  expect(created.status).toBe(201)
  return { id: created.body.key.id, key: created.body.plaintext }
}

const manage = ["management:read", "management:write"]
const manageOperators = [...manage, "operators:write"]
const soon = "2999-01-01T00:00:00.000Z"
const later = "2999-01-01T00:00:00.001Z"
const tenADay = [{ requests: 10, window: "day" }]

/** Every call that changes or ends a key. */
const changes = (id: string): ReadonlyArray<readonly [method: string, path: string, body?: object]> => [
  ["PATCH", `/v1/keys/${id}`, { expiresAt: null }],
  ["PATCH", `/v1/keys/${id}`, { rateLimits: [] }],
  ["PATCH", `/v1/keys/${id}`, {}],
  ["POST", `/v1/keys/${id}/rotate`, { overlap: "1 hour" }],
  ["POST", `/v1/keys/${id}/revoke`],
  ["POST", `/v1/keys/${id}/disable`],
  ["POST", `/v1/keys/${id}/enable`],
  ["POST", `/v1/keys/${id}/limits/reset`],
  ["DELETE", `/v1/keys/${id}`]
]

describe("the key that a call is made with", () => {
  it.each([
    ["an operator of every scope", ["*"]],
    ["an operator without operators:write", manage]
  ])("is not to be changed by %s", async (_, scopes) => {
    const { id, key } = await makeOperator({ scopes, expiresAt: soon, rateLimits: [{ requests: 100, window: "day" }] })
    const before = (await api("GET", `/v1/keys/${id}`)).body
    for (const path of [id, id.toUpperCase()]) {
      for (const [method, route, body] of changes(path)) {
        expectProblem(await api(method, route, { key, body }), 403, "own_key", `${method} ${route}`)
      }
    }
    const { lastUsedAt: _at, useCount: _count, ...after } = (await api("GET", `/v1/keys/${id}`)).body
    expect(before).toMatchObject(after)
  })
})

describe("keys of operators", () => {
  it("are created, changed and ended with operators:write alone", async () => {
    const { key } = await makeOperator({ scopes: [...manage, "keys:rotate", "verify"] })
    const peer = await makeOperator({ scopes: ["verify"] })
    expectProblem(await api("POST", "/v1/keys", { key, body: { ...operators, scopes: [] } }), 403, "insufficient_scope")
    for (const [method, route, body] of changes(peer.id)) {
      expectProblem(await api(method, route, { key, body }), 403, "insufficient_scope", `${method} ${route}`)
    }

    const { key: chief } = await makeOperator({ scopes: [...manageOperators, "verify"] })
    const made = await makeOperator({ scopes: ["verify"] }, chief)
    const { organizationId } = operators
    for (const [method, route, body] of changes(made.id)) {
      const answer = await api(method, route, { key: chief, body })
      expect(answer.status, `${method} ${route}`).toBeLessThan(300)
    }
    expect((await api("POST", "/v1/verify", { body: { key: made.key, organizationId } })).body.valid).toBe(false)
  })

  it("live no longer than the key that makes them", async () => {
    const { key } = await makeOperator({ scopes: manageOperators, expiresAt: soon })
    for (const fields of [{}, { expiresAt: null }, { expiresAt: later }]) {
      const answer = await api("POST", "/v1/keys", {
        key,
        body: { ...operators, scopes: ["management:read"], ...fields }
      })
      expectProblem(answer, 403, "beyond_own_key", JSON.stringify(fields))
    }
    const twin = await makeOperator({ scopes: manageOperators, expiresAt: soon }, key)
    for (const expiresAt of [null, later]) {
      const answer = await api("PATCH", `/v1/keys/${twin.id}`, { key, body: { expiresAt } })
      expectProblem(answer, 403, "beyond_own_key")
      // Nor does the twin do its maker that favor.
      expectProblem(await api("PATCH", `/v1/keys/${twin.id}`, { key: twin.key, body: { expiresAt } }), 403, "own_key")
    }
    const permanent = await makeOperator({ scopes: manage })
    for (const [method, route, body] of changes(permanent.id)) {
      expectProblem(await api(method, route, { key, body }), 403, "beyond_own_key", `${method} ${route}`)
    }
    expect((await api("GET", `/v1/keys/${permanent.id}`)).body).toMatchObject({ status: "active", expiresAt: null })
  })

  it("are limited no less than the key that makes them", async () => {
    const bound = [
      { name: "daily", requests: 1000, window: "day" },
      { name: "burst", requests: 60, window: "minute", algorithm: "token-bucket", burst: 100 }
    ] as const
    const { key } = await makeOperator({ scopes: manageOperators, rateLimits: bound })
    const [daily, burst] = bound
    const looser = [
      undefined,
      [],
      [daily],
      [{ ...daily, requests: 1001 }, burst],
      [{ ...daily, window: "hour" }, burst],
      [{ ...daily, name: "other" }, burst],
      [{ ...daily, algorithm: "sliding-window" }, burst],
      [daily, { ...burst, burst: 101 }]
    ]
    const twin = await makeOperator({ scopes: ["management:read"], rateLimits: [...bound, ...tenADay] }, key)
    for (const rateLimits of looser) {
      const body = { ...operators, scopes: ["management:read"], rateLimits }
      expectProblem(await api("POST", "/v1/keys", { key, body }), 403, "beyond_own_key", JSON.stringify(rateLimits))
      if (rateLimits === undefined) continue
      const changed = await api("PATCH", `/v1/keys/${twin.id}`, { key, body: { rateLimits } })
      expectProblem(changed, 403, "beyond_own_key", JSON.stringify(rateLimits))
    }
    // Two that are limited do not start each other's limits afresh.
    expectProblem(await api("POST", `/v1/keys/${twin.id}/limits/reset`, { key }), 403, "beyond_own_key")
    const tighter = [
      { ...daily, requests: 999 },
      { ...burst, burst: 60 }
    ]
    expect((await api("PATCH", `/v1/keys/${twin.id}`, { key, body: { rateLimits: tighter } })).status).toBe(200)
  })
})

describe("keys of customers", () => {
  it("are rotated with keys:rotate alone, and need nothing more for all else", async () => {
    const { key } = await makeOperator({
      scopes: manage,
      expiresAt: soon,
      rateLimits: [{ requests: 100, window: "day" }]
    })
    const customer = await makeCustomer(makeApi(address, key))
    const rotate = `/v1/keys/${customer.keyId}/rotate`
    expectProblem(await api("POST", rotate, { key }), 403, "insufficient_scope")
    expect((await api("POST", rotate, { key })).body).toMatchObject({ missing: ["keys:rotate"] })
    for (const [method, route, body] of changes(customer.keyId)) {
      if (route === rotate) continue
      expect((await api(method, route, { key, body })).status, `${method} ${route}`).toBeLessThan(300)
    }

    const rotator = await makeOperator({ scopes: ["management:write", "keys:rotate"] })
    const other = await makeCustomer(api)
    expect((await api("POST", `/v1/keys/${other.keyId}/rotate`, { key: rotator.key })).status).toBe(200)
    const peer = await makeOperator({ scopes: ["management:write", "keys:rotate"] })
    expectProblem(await api("POST", `/v1/keys/${peer.id}/rotate`, { key: rotator.key }), 403, "insufficient_scope")
  })
})
