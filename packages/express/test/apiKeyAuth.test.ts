import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { ApiKeyClient, ApiKeys, InvalidInputError, InvalidKeyError, MemoryStore, Tenants } from "@apikeys/core"
import { apiKeyAuth, apiKeyOf, type OnError, problemHandler, query } from "@apikeys/express"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import express, { type Express } from "express"
import express4 from "express4"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"

declare module "@apikeys/express" {
  interface Register {
    metadata: { plan: "free" | "pro" }
  }
}

const closers: Array<() => void> = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const get = async (app: Express, headers: Record<string, string> = {}, path = "/") => {
  const server = createServer(app).listen(0, "127.0.0.1")
  closers.push(() => server.close().closeAllConnections())
  await once(server, "listening")
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers, redirect: "manual" })
}

describe.each([
  ["Express 5", express],
  ["Express 4", express4]
])("apiKeyAuth (%s)", (_, framework) => {
  let client: ApiKeyClient
  let headers: { readonly "X-API-Key": string }
  beforeAll(async () => {
    const signingSecret = randomBytes(32).toString("hex")
    client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret, keyPrefix: "myapp" })
    const { id } = await client.createOrganization({ name: "Acme Inc" })
    const { plaintext } = await client.createKey({ organizationId: id, metadata: { plan: "pro" } })
    headers = { "X-API-Key": plaintext }
  })
  afterAll(() => client.close())

  const quiet = () => framework().set("env", "test")

  it("gives the key its registered type, without casts", async () => {
    const app = quiet()
    app.get("/", apiKeyAuth({ client }), (request, response) => {
      const plan: "free" | "pro" | undefined = request.apiKey?.metadata.plan
      const same: "free" | "pro" = apiKeyOf(request).metadata.plan
      response.json([plan, same])
    })
    assert.deepStrictEqual(await (await get(app, headers)).json(), ["pro", "pro"])
  })

  it("puts the key under another name, and leaves `apiKey` to the application", async () => {
    const app = quiet()
    app.use((request, _response, next) => {
      Object.assign(request, { apiKey: "the application's own" })
      next()
    })
    app.get("/", apiKeyAuth({ client, property: "credential" as "apiKey" }), (request, response) => {
      response.json([apiKeyOf(request, "credential" as "apiKey").metadata.plan, request.apiKey])
    })
    app.get("/open", (request, response) => void response.json(apiKeyOf(request, "credential" as "apiKey")))
    assert.deepStrictEqual(await (await get(app, headers)).json(), ["pro", "the application's own"])
    assert.strictEqual((await get(app, headers, "/open")).status, 500)
  })

  it("tells a route without a guard from one whose key is missing", async () => {
    const app = quiet()
    app.get("/", (request) => void apiKeyOf(request))
    assert.strictEqual((await get(app, headers)).status, 500)
  })

  it("leaves nothing of a key of the query in the request", async () => {
    const app = quiet()
    const key = headers["X-API-Key"]
    app.get(
      "/",
      apiKeyAuth({ client, credentials: { read: query("api_key") }, hideCredentials: true }),
      (request, response) => {
        const { _parsedUrl, originalUrl, query, url } = request as typeof request & { _parsedUrl?: unknown }
        response.json(inspect([_parsedUrl, originalUrl, query, url]).includes(key))
      }
    )
    assert.deepStrictEqual(await (await get(app, {}, `/?api_key=${key}`)).json(), false)
  })

  it("lets rules depend on the parameters of the route", async () => {
    const app = quiet()
    const guard = apiKeyAuth({ client, requiredScopes: (request) => [`docs:${request.params["id"]}`] })
    app.get("/docs/:id", guard, (_request, response) => void response.json({}))
    const answer = await get(app, headers, "/docs/7")
    assert.include(answer.headers.get("www-authenticate"), 'scope="docs:7"')
  })

  it("lets an application answer in its own way, with status and fields set", async () => {
    const app = quiet()
    const seen: Array<unknown> = []
    app.use(
      apiKeyAuth({
        client,
        onError: (error, request, response) => {
          seen.push(error.cause instanceof InvalidKeyError, request.path)
          response.json({ sorry: error.problem.code })
        }
      })
    )
    const answer = await get(app, { "X-API-Key": "nonsense" })
    assert.strictEqual(answer.status, 401)
    assert.include(answer.headers.get("www-authenticate"), "invalid_token")
    assert.strictEqual(answer.headers.get("cache-control"), "no-store")
    assert.deepStrictEqual(await answer.json(), { sorry: "invalid_key" })
    assert.deepStrictEqual(seen, [true, "/"])
  })

  it("lets an application pass a refusal on, to problemHandler or to Express itself", async () => {
    for (const handled of [true, false]) {
      const app = quiet()
      app.use(apiKeyAuth({ client, onError: (error, _request, _response, next) => next(error) }))
      if (handled) app.use(problemHandler())
      const answer = await get(app)
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(answer.headers.get("www-authenticate"), 'Bearer realm="api"')
      assert.strictEqual(answer.headers.get("content-type")?.startsWith("application/problem+json"), handled)
    }
  })

  it("leaves nothing of a refusal on the answer of somebody else", async () => {
    const app = quiet()
    // A key, or a session.
    const onError: OnError = (_error, _request, _response, next) => void Promise.resolve().then(() => next())
    app.get("/", apiKeyAuth({ client, onError }), (request, response) => {
      response.json({ stranger: request.apiKey === undefined })
    })
    const answer = await get(app)
    assert.deepStrictEqual(await answer.json(), { stranger: true })
    assert.strictEqual(answer.status, 200)
    assert.isNull(answer.headers.get("www-authenticate"))
    assert.strictEqual(answer.headers.get("cache-control"), "private")
  })

  it("leaves nothing of a refusal on an answer with another status, nor on one to another error", async () => {
    const other = new Error("out of order")
    const answers: ReadonlyArray<readonly [status: number, onError: OnError]> = [
      [302, (_error, _request, response) => response.redirect("/login")],
      [200, (_error, _request, response) => response.status(200).json({})],
      [200, (_error, _request, response) => response.writeHead(200).end()],
      [500, (_error, _request, _response, next) => next(other)],
      [500, () => Promise.reject(other)]
    ]
    for (const [status, onError] of answers) {
      const app = quiet()
      app.use("/", apiKeyAuth({ client, onError }))
      const answer = await get(app)
      assert.strictEqual(answer.status, status)
      assert.isNull(answer.headers.get("www-authenticate"))
      assert.notStrictEqual(answer.headers.get("cache-control"), "no-store")
    }
  })

  it("lets what an onError sets win over the refusal's own", async () => {
    const app = quiet()
    const onError: OnError = (_error, _request, response) => {
      response.set("WWW-Authenticate", "Acme").send("sorry")
    }
    app.use(apiKeyAuth({ client, onError }))
    const answer = await get(app)
    assert.strictEqual(answer.status, 401)
    assert.strictEqual(answer.headers.get("www-authenticate"), "Acme")
    assert.strictEqual(answer.headers.get("cache-control"), "no-store")
  })

  it("goes on at an onError's next() alone, never at next of what was thrown", async () => {
    const goesOn = async (...given: ReadonlyArray<unknown>) => {
      const app = quiet()
      const onError: OnError = (_error, _request, _response, next) =>
        (next as (...all: Array<unknown>) => void)(...given)
      app.use(apiKeyAuth({ client, onError }), (_request, response) => void response.send("in"))
      return (await get(app)).status
    }
    assert.strictEqual(await goesOn(), 200)
    for (const thrown of [undefined, null, "", "no", 0, false, {}]) assert.strictEqual(await goesOn(thrown), 500)
  })

  it("hears what an application's onError throws, now or later", async () => {
    for (const onError of [
      () => {
        throw new Error("out of order")
      },
      () => Promise.reject(new Error("out of order")),
      () => Promise.reject(undefined)
    ]) {
      const app = quiet()
      app.use(apiKeyAuth({ client, onError }))
      assert.strictEqual((await get(app)).status, 500)
    }
  })

  it("leaves an answer alone that was given while it verified", async () => {
    const app = quiet()
    let reached = false
    app.use((_request, response, next) => {
      next()
      response.status(503).send("too late")
    })
    const slow: Pick<ApiKeyClient, "validateKey"> = {
      validateKey: (plaintext, options) => client.validateKey(plaintext, options)
    }
    app.use(apiKeyAuth({ client: slow }), () => {
      reached = true
    })
    for (const sent of [headers, { "X-API-Key": "nonsense" }]) assert.strictEqual((await get(app, sent)).status, 503)
    assert.isFalse(reached)
  })

  it("takes an Effect runtime that has the services", async () => {
    const layer = ApiKeys.layer({ signingSecret: "of no use but for this very test: 0123456789" })
    const runtime = ManagedRuntime.make(layer.pipe(Layer.provide(MemoryStore.layer)))
    const setUp = Effect.gen(function* () {
      const { id } = yield* (yield* Tenants).createOrganization({ name: "Acme Inc" })
      return yield* (yield* ApiKeys).createKey({ organizationId: id, name: "of Effect" })
    })
    const { plaintext } = await runtime.runPromise(setUp)
    for (const source of [runtime, await runtime.runtime()]) {
      const app = quiet()
      app.get("/", apiKeyAuth({ client: source }), (request, response) => void response.json(apiKeyOf(request)))
      const answer = await get(app, { "X-API-Key": Redacted.value(plaintext) })
      assert.deepInclude(await answer.json(), { name: "of Effect", status: "active" })
      assert.strictEqual((await get(app, { "X-API-Key": "nonsense" })).status, 401)
    }
    await runtime.dispose()
  })

  it("refuses wrong options when it is made", () => {
    assert.throws(
      () => apiKeyAuth({ client, onError: "next" } as never),
      InvalidInputError,
      "onError is not a function"
    )
    assert.throws(
      () => apiKeyAuth({ client, requiredScope: ["read"] } as never),
      InvalidInputError,
      "requiredScope is not a known option"
    )
    assert.throws(() => apiKeyAuth({} as never), InvalidInputError, "client")
    for (const property of ["headers", "__proto__", "constructor", "a b", "", 1, "x".repeat(65)]) {
      assert.throws(() => apiKeyAuth({ client, property: property as "apiKey" }), InvalidInputError, "property")
    }
    assert.throws(() => problemHandler({ realm: "" }), InvalidInputError, "realm")
  })
})
