import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { describe, expect, it } from "vitest"
import { answerUnreadable } from "../src/http/unreadable.js"
import { makeApi, makeCustomer } from "./server/Api.js"
import { exchange, problemIn } from "./server/exchange.js"
import { expectProblem } from "./server/expectProblem.js"
import { makeFolder } from "./server/folder.js"
import { adminKeyIn, spawnServer } from "./server/startServer.js"

const folder = makeFolder()
const address = await spawnServer({ folder }).listening
const adminKey = adminKeyIn(folder)
const api = makeApi(address, adminKey)

describe("what Node's parser refuses", () => {
  const get = (path: string, ...fields: ReadonlyArray<string>) =>
    `GET ${path} HTTP/1.1\r\n${["Host: localhost", ...fields].map((field) => `${field}\r\n`).join("")}\r\n`

  it.each([
    ["what is not HTTP", 400, ["hello\r\n\r\n"]],
    ["HTTP/2", 400, ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]],
    ["a method that there is not", 400, ["FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n"]],
    ["a field that is none", 400, [get("/health", "X Y: z")]],
    ["two lengths", 400, [get("/health", "Content-Length: 1", "Content-Length: 2")]],
    ["a request without a host", 400, ["GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"]],
    ["fields without end", 431, [get("/health", `X-Long: ${"x".repeat(20_000)}`)]],
    ["a path without end", 431, [get(`/${"x".repeat(20_000)}`)]],
    ["fields without end that go on", 431, [get("/health", `X-Long: ${"x".repeat(20_000)}`), "x".repeat(500_000)]],
    ["an expectation", 417, [get("/health", "Expect: the-unexpected", "Connection: close")]],
    [
      "a body in broken chunks",
      400,
      [
        `POST /v1/organizations HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${adminKey}\r\nContent-Type: application/json\r\n`,
        "Transfer-Encoding: chunked\r\n\r\nZZZ\r\n"
      ]
    ]
  ] as const)("is a problem: %s", async (_, status, parts) => {
    const { fields, problem, ...answer } = problemIn(await exchange(address, ...parts))
    expect(answer.status).toBe(status)
    expect(problem).toMatchObject({ status, code: "invalid_request", title: expect.any(String) })
    expect(problem.detail.length).toBeGreaterThan(10)
    expect(Object.fromEntries(fields)).toMatchObject({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff"
    })
  })

  it("is a problem: a request that does not arrive in time", async () => {
    const late = createServer((socket) =>
      answerUnreadable({ ...new Error("late"), code: "ERR_HTTP_REQUEST_TIMEOUT" }, socket)
    )
    await once(late.listen(0, "127.0.0.1"), "listening")
    const { status, problem } = problemIn(
      await exchange(`http://127.0.0.1:${(late.address() as AddressInfo).port}`, "GET ")
    )
    expect({ status, problem }).toMatchObject({ status: 408, problem: { status: 408, code: "invalid_request" } })
    late.close()
  })

  it("does not become the answer to the request before it", async () => {
    for (let round = 0; round < 20; round++) {
      const listing = get("/v1/organizations", `X-API-Key: ${adminKey}`)
      const answer = await exchange(address, `${listing}hello\r\n\r\n`)
      expect(answer === "" || answer.startsWith("HTTP/1.1 200 "), answer).toBe(true)
    }
  })
})

describe("a body", () => {
  const headers = { "Content-Type": "application/json" }

  it("may be absent where none is needed, whatever the content type", async () => {
    const { keyId, productId, projectId } = await makeCustomer(api)
    for (const type of ["application/json", "application/json; charset=utf-8", "text/plain", "nonsense"]) {
      for (const [method, path] of [
        ["POST", `/v1/keys/${keyId}/disable`],
        ["POST", `/v1/keys/${keyId}/enable`],
        ["POST", `/v1/keys/${keyId}/rotate`],
        ["POST", `/v1/keys/${keyId}/limits/reset`],
        ["PUT", `/v1/projects/${projectId}/products/${productId}`],
        ["DELETE", `/v1/projects/${projectId}/products/${productId}`],
        ["GET", `/v1/keys/${keyId}`]
      ] as const) {
        const answer = await api(method, path, { headers: { "Content-Type": type } })
        expect(answer.status, `${method} ${path} ${type}`).toBeLessThan(300)
      }
      expectProblem(await api("POST", "/v1/organizations", { headers: { "Content-Type": type } }), 400, "invalid_input")
    }
    const chunked = [
      `POST /v1/keys/${keyId}/disable HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${adminKey}\r\nConnection: close\r\n`,
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ]
    expect(await exchange(address, ...chunked)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it("is JSON in UTF-8, and nothing else", async () => {
    const post = (body: string | Buffer, type: string | null) =>
      fetch(`${address}/v1/organizations`, {
        method: "POST",
        headers: { "X-API-Key": adminKey, ...(type !== null && { "Content-Type": type }) },
        body: typeof body === "string" ? Buffer.from(body) : body
      })
    for (const [body, type, status] of [
      ['{"name": "x"}', "text/plain", 415],
      ['{"name": "x"}', "application/x-www-form-urlencoded", 415],
      ['{"name": "x"}', "nonsense", 415],
      ['{"name": "x"}', null, 415],
      ["{", "application/json", 400],
      [" ", "application/json", 400],
      [Buffer.from([0x22, 0xff, 0x22]), "application/json", 400]
    ] as const) {
      const answer = await post(body, type)
      expect(answer.status, `${body} ${type}`).toBe(status)
      expect(answer.headers.get("content-type")).toBe("application/problem+json")
      expect(await answer.json()).toMatchObject({ status, code: "invalid_request" })
    }
  })

  it("has no number that would change", async () => {
    const { organizationId } = await makeCustomer(api)
    const text = (number: string) => `{"organizationId": "${organizationId}", "metadata": {"accounts": [${number}]}}`
    const refused = await api("POST", "/v1/keys", { text: text("123456789012345678"), headers })
    expectProblem(refused, 400, "invalid_input")
    expect(refused.body.issues).toMatchObject([{ path: "metadata.accounts.0" }])
    const taken = await api("POST", "/v1/keys", { text: text("9007199254740991"), headers })
    expect(taken).toMatchObject({ status: 201, body: { key: { metadata: { accounts: [9007199254740991] } } } })
  })

  it("has times that there are", async () => {
    const { organizationId } = await makeCustomer(api)
    for (const expiresAt of [
      "2999-02-30T00:00:00Z",
      "2999-04-31T00:00:00Z",
      "2999-02-29T00:00:00Z",
      "2999-01-01T24:00:00Z",
      "2999-01-01T23:60:00Z",
      "2999-01-01T23:59:60Z",
      "2999-13-01T00:00:00Z",
      "2999-01-01T00:00:00+24:00",
      "2999-01-01T00:00:00+01:60"
    ]) {
      expectProblem(
        await api("POST", "/v1/keys", { body: { organizationId, expiresAt } }),
        400,
        "invalid_input",
        expiresAt
      )
    }
    for (const [written, read] of [
      ["2996-02-29T23:59:59.999Z", "2996-02-29T23:59:59.999Z"],
      ["2999-03-01T00:30:00+02:00", "2999-02-28T22:30:00.000Z"]
    ]) {
      const { body } = await api("POST", "/v1/keys", { body: { organizationId, expiresAt: written } })
      expect(body.key.expiresAt).toBe(read)
    }
  })
})

describe("a query", () => {
  it("has numbers in decimal", async () => {
    for (const limit of ["0x10", "1e1", "010", "+5", "%205", "5%20", "5.0", "0b1", "Infinity", "-1", "٥"]) {
      expectProblem(await api("GET", `/v1/organizations?limit=${limit}`), 400, "invalid_input", limit)
    }
    expect((await api("GET", "/v1/organizations?limit=10")).status).toBe(200)
  })
})

describe("every answer", () => {
  it("is not sniffed, and not stored where it holds records", async () => {
    const { keyId, organizationId, plaintext, productId, projectId } = await makeCustomer(api)
    const question = { key: plaintext, productId }
    for (const [method, path, body] of [
      ["GET", "/v1/organizations"],
      ["GET", `/v1/organizations/${organizationId}/products`],
      ["GET", `/v1/projects/${projectId}/products`],
      ["GET", "/v1/keys"],
      ["GET", `/v1/keys/${keyId}`],
      ["GET", `/v1/keys/${keyId}/limits`],
      ["PATCH", `/v1/keys/${keyId}`, { name: "x" }],
      ["POST", "/v1/keys", { organizationId }],
      ["POST", `/v1/keys/${keyId}/rotate`, {}],
      ["POST", "/v1/verify", question],
      ["DELETE", `/v1/keys/${keyId}`],
      ["GET", "/health"]
    ] as const) {
      const answer = await api(method, path, { body })
      expect(answer.status, path).toBeLessThan(300)
      expect(answer.headers.get("cache-control"), path).toBe("no-store")
      expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff")
    }
    for (const path of [
      "/docs/",
      "/openapi.json",
      "/nowhere",
      "/v1/keys/%E0%A4%A",
      `/v1/keys/${"x".repeat(200)}`,
      "/v1/keys"
    ]) {
      const { headers } = await fetch(`${address}${path}`)
      expect(headers.get("x-content-type-options"), path).toBe("nosniff")
    }
  })
})
