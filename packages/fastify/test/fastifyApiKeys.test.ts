import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2"
import { json } from "node:stream/consumers"
import { setTimeout as sleep } from "node:timers/promises"
import { ApiKeyClient, ApiKeys, InvalidInputError, InvalidKeyError, MemoryStore, Tenants } from "@apikeys/core"
import { apiKeyOf, fastifyApiKeys, type OnError, problemHandler } from "@apikeys/fastify"
import auth from "@fastify/auth"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

declare module "@apikeys/fastify" {
  interface Register {
    metadata: { plan: "free" | "pro" }
  }
}

const nothing = () => ({})

describe("fastifyApiKeys", () => {
  let client: ApiKeyClient
  let headers: { readonly authorization: string }
  let keyId: string
  beforeAll(async () => {
    const signingSecret = randomBytes(32).toString("hex")
    client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret, keyPrefix: "myapp" })
    const { id } = await client.createOrganization({ name: "Acme Inc" })
    const { key, plaintext } = await client.createKey({
      organizationId: id,
      scopes: ["read"],
      metadata: { plan: "pro" }
    })
    headers = { authorization: `Bearer ${plaintext}` }
    keyId = key.id
  })
  afterAll(() => client.close())

  const statuses = async (app: FastifyInstance, urls: ReadonlyArray<string>, sent: Record<string, string> = {}) => {
    const answers: Record<string, number> = {}
    for (const url of urls) answers[url] = (await app.inject({ url, headers: sent })).statusCode
    return answers
  }

  it("guards nothing by itself", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    app.get("/", ({ apiKey }) => ({ apiKey }))
    assert.deepStrictEqual((await app.inject("/")).json(), { apiKey: null })
  })

  it("gives the key its registered type, without casts", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    app.get("/", { onRequest: app.requireApiKey() }, (request) => {
      const plan: "free" | "pro" | undefined = request.apiKey?.metadata.plan
      const same: "free" | "pro" = apiKeyOf(request).metadata.plan
      return [plan, same]
    })
    app.get("/open", (request) => apiKeyOf(request))
    assert.deepStrictEqual((await app.inject({ url: "/", headers })).json(), ["pro", "pro"])
    assert.deepStrictEqual(await statuses(app, ["/", "/open"]), { "/": 401, "/open": 500 })
  })

  it("puts the key under another name, and leaves `apiKey` to the application", async () => {
    const app = Fastify()
    app.decorateRequest("apiKey", "the application's own" as never)
    await app.register(fastifyApiKeys, { client, property: "credential" as "apiKey" })
    app.get("/", { config: { apiKey: { cost: 2 } } }, (request) => [
      apiKeyOf(request, "credential" as "apiKey").metadata.plan,
      request.apiKey
    ])
    assert.deepStrictEqual((await app.inject({ url: "/", headers })).json(), ["pro", "the application's own"])
    assert.throws(() => app.requireApiKey({ property: "other" } as never), InvalidInputError, "property")
    await Fastify()
      .register(fastifyApiKeys, { client, property: "headers" as "apiKey" })
      .then(
        () => assert.fail("takes the headers"),
        (error: unknown) => assert.instanceOf(error, InvalidInputError)
      )
  })

  it("guards a scope and its own scopes, and no other", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    await app.register(async (scope) => {
      scope.addHook("onRequest", scope.requireApiKey())
      scope.get("/guarded", nothing)
      await scope.register((inner, _, done) => {
        inner.get("/within", nothing)
        done()
      })
    })
    app.get("/open", nothing)
    const urls = ["/guarded", "/within", "/open"]
    assert.deepStrictEqual(await statuses(app, urls), { "/guarded": 401, "/within": 401, "/open": 200 })
    assert.deepStrictEqual(await statuses(app, urls, headers), { "/guarded": 200, "/within": 200, "/open": 200 })
  })

  it("may be registered in scopes side by side, with options of their own", async () => {
    const app = Fastify()
    for (const realm of ["one", "two"]) {
      await app.register(async (scope) => {
        await scope.register(fastifyApiKeys, { client, realm })
        scope.get(`/${realm}`, { config: { apiKey: true } }, nothing)
      })
    }
    for (const realm of ["one", "two"]) {
      const answer = await app.inject(`/${realm}`)
      assert.strictEqual(answer.headers["www-authenticate"], `Bearer realm="${realm}"`)
    }
  })

  it("guards by config.apiKey, with the plugin's options or with a route's own before them", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client, realm: "Acme", requiredScopes: ["read"] })
    app.get("/read", { config: { apiKey: true } }, nothing)
    app.get("/write", { config: { apiKey: { requiredScopes: ["write"] } } }, nothing)
    app.get("/open", { config: { apiKey: false } }, nothing)
    const urls = ["/read", "/write", "/open"]
    assert.deepStrictEqual(await statuses(app, urls), { "/read": 401, "/write": 401, "/open": 200 })
    assert.deepStrictEqual(await statuses(app, urls, headers), { "/read": 200, "/write": 403, "/open": 200 })
    assert.strictEqual((await app.inject({ method: "HEAD", url: "/read" })).statusCode, 401)
    assert.strictEqual(
      (await app.inject({ url: "/write", headers })).headers["www-authenticate"],
      'Bearer realm="Acme", error="insufficient_scope", scope="write"'
    )
  })

  it("charges a route in a guarded scope once, and leaves out one that is exempt", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    app.addHook("onRequest", app.requireApiKey())
    app.get("/", { config: { apiKey: { requiredScopes: ["read"] } } }, ({ apiKey }) => ({ uses: apiKey?.useCount }))
    app.get("/health", { config: { apiKey: false } }, nothing)
    const before = (await client.getKey(keyId)).useCount
    assert.deepStrictEqual((await app.inject({ url: "/", headers })).json(), { uses: before + 1 })
    assert.deepStrictEqual(await statuses(app, ["/health", "/nowhere"]), { "/health": 200, "/nowhere": 401 })
    assert.deepStrictEqual(await statuses(app, ["/nowhere"], headers), { "/nowhere": 404 })
  })

  it("guards a route that was registered before the plugin had loaded", async () => {
    const app = Fastify()
    // Not to wait is what this is about.
    app.register(fastifyApiKeys, { client })
    app.get("/", { config: { apiKey: { requiredScopes: ["read"] } } }, nothing)
    assert.deepStrictEqual(await statuses(app, ["/"]), { "/": 401 })
    assert.deepStrictEqual(await statuses(app, ["/"], headers), { "/": 200 })
  })

  it("does not start with a route that asks for a key where the plugin is not", async () => {
    const asking = { config: { apiKey: true } }
    const never = Fastify()
    never.get("/never", asking, nothing)
    const beside = Fastify()
    await beside.register((scope, _, done) => {
      scope.get("/before", { config: { apiKey: { cost: 2 } } }, nothing)
      done()
    })
    await beside.register(async (scope) => {
      await scope.register(fastifyApiKeys, { client })
      scope.get("/within", asking, nothing)
    })
    beside.get("/around", asking, nothing)
    const tooLate = Fastify()
    await tooLate.register((scope, _, done) => {
      scope.get("/inner", asking, nothing)
      done()
    })
    await tooLate.register(fastifyApiKeys, { client })
    for (const [app, routes] of [
      [never, "GET /never, HEAD /never: "],
      [beside, "GET /before, HEAD /before, GET /around, HEAD /around: "],
      [tooLate, "GET /inner, HEAD /inner: "]
    ] as const) {
      const failed = await app.ready().then(
        () => assert.fail("starts"),
        (error: unknown) => error
      )
      assert.instanceOf(failed, Error)
      assert.strictEqual(failed.message.split("config.apiKey")[0], routes)
      await app.close()
    }
  })

  it("starts where routes that ask for a key are in reach of the plugin, or ask for none", async () => {
    const app = Fastify()
    app.get("/open", { config: { apiKey: false } }, nothing)
    await app.register(async (scope) => {
      scope.get("/before", { config: { apiKey: true } }, nothing)
      await scope.register(fastifyApiKeys, { client })
      await scope.register(async (inner) => {
        await inner.register((innermost, _, done) => {
          innermost.get("/in", { config: { apiKey: true } }, nothing)
          done()
        })
      })
    })
    assert.deepStrictEqual(await statuses(app, ["/open", "/before", "/in"]), {
      "/open": 200,
      "/before": 401,
      "/in": 401
    })
  })

  it("counts unknown keys over all its guards", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client, failureLimit: { requests: 2, window: "day" } })
    app.get("/a", { config: { apiKey: true } }, nothing)
    app.get("/b", { onRequest: app.requireApiKey({ cost: 2 }) }, nothing)
    app.get("/c", { config: { apiKey: { cost: 3 } } }, nothing)
    const guess = { authorization: "Bearer guess" }
    assert.deepStrictEqual(await statuses(app, ["/a", "/b", "/c"], guess), { "/a": 401, "/b": 401, "/c": 429 })
  })

  it("lets an application answer in its own way, with status and fields set", async () => {
    const app = Fastify()
    const onError: OnError = (error, request, reply) =>
      reply.send({ sorry: error.problem.code, known: error.cause instanceof InvalidKeyError, url: request.url })
    await app.register(fastifyApiKeys, { client, onError })
    app.get("/", { config: { apiKey: true } }, nothing)
    const answer = await app.inject({ url: "/", headers: { "x-api-key": "nonsense" } })
    assert.strictEqual(answer.statusCode, 401)
    assert.include(answer.headers["www-authenticate"], "invalid_token")
    assert.strictEqual(answer.headers["cache-control"], "no-store")
    assert.deepStrictEqual(answer.json(), { sorry: "invalid_key", known: true, url: "/" })
  })

  it("leaves what onError throws to the error handler of the scope", async () => {
    for (const [onError, handled] of [
      [
        (error: Error) => {
          throw error
        },
        true
      ],
      [(error: Error) => Promise.reject(error), true],
      [(error: Error) => Promise.reject(error), false]
    ] as const) {
      const app = Fastify()
      if (handled) app.setErrorHandler(problemHandler())
      await app.register(fastifyApiKeys, { client, onError })
      app.get("/", { config: { apiKey: true } }, nothing)
      const answer = await app.inject("/")
      assert.strictEqual(answer.statusCode, 401)
      assert.strictEqual(answer.headers["www-authenticate"], 'Bearer realm="api"')
      assert.strictEqual(answer.headers["content-type"] === "application/problem+json", handled)
    }
  })

  it("refuses a route that is exempt and has a guard of its own", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    const exempt = { config: { apiKey: false } } as const
    for (const onRequest of [app.requireApiKey(), [app.requireApiKey({ requiredScopes: ["read"] })]]) {
      assert.throws(() => app.get("/both", { ...exempt, onRequest }, nothing), /GET \/both: config.apiKey is false/)
    }
    app.get("/", { ...exempt, onRequest: (_request, _reply, done) => done() }, nothing)
    await app.ready()
  })

  it("gives what an onError writes past the reply the fields of the refusal, unless it has another status", async () => {
    const answers: ReadonlyArray<readonly [status: number, challenge: string | undefined, onError: OnError]> = [
      [401, 'Bearer realm="api"', (_error, _request, reply) => void reply.hijack().raw.end("sorry")],
      [401, 'Bearer realm="api"', (error, _request, reply) => void reply.hijack().raw.writeHead(error.status).end()],
      [401, "Acme", (_error, _request, reply) => void reply.raw.writeHead(401, { "WWW-Authenticate": "Acme" }).end()],
      [200, undefined, (_error, _request, reply) => void reply.hijack().raw.writeHead(200).end()]
    ]
    for (const [status, challenge, onError] of answers) {
      const app = Fastify()
      await app.register(fastifyApiKeys, { client, onError })
      app.get("/", { config: { apiKey: true } }, nothing)
      const answer = await app.inject("/")
      assert.strictEqual(answer.statusCode, status)
      assert.strictEqual(answer.headers["www-authenticate"], challenge)
      assert.strictEqual(answer.headers["cache-control"], status === 401 ? "no-store" : "private")
    }
  })

  it("leaves nothing of a refusal on an answer with another status, nor on one to another error", async () => {
    const answers: ReadonlyArray<readonly [status: number, onError: OnError]> = [
      [302, (_error, _request, reply) => reply.redirect("/login")],
      [200, (_error, _request, reply) => reply.code(200).send({})],
      [500, () => Promise.reject(new Error("out of order"))]
    ]
    for (const [status, onError] of answers) {
      const app = Fastify()
      await app.register(fastifyApiKeys, { client, onError })
      app.get("/", { config: { apiKey: true } }, nothing)
      const answer = await app.inject("/")
      assert.strictEqual(answer.statusCode, status)
      assert.isUndefined(answer.headers["www-authenticate"])
      assert.strictEqual(answer.headers["cache-control"], "private")
    }
  })

  it("is one of several ways in with @fastify/auth, and leaves nothing of its refusal on another's answer", async () => {
    const app = Fastify()
    app.setErrorHandler(problemHandler())
    await app.register(auth)
    const onError: OnError = (error) => {
      throw error
    }
    await app.register(fastifyApiKeys, { client, onError })
    const session = async ({ headers: { cookie } }: { headers: { cookie?: string } }, _reply: FastifyReply) => {
      await sleep(1)
      if (cookie !== "session=1") throw Object.assign(new Error("no session"), { statusCode: 401 })
    }
    app.get("/", { onRequest: app.auth([app.requireApiKey() as never, session as never]) }, (request, reply) => {
      return request.apiKey === null ? reply.redirect("/welcome") : { plan: request.apiKey.metadata.plan }
    })
    app.get("/alone", { onRequest: app.auth([app.requireApiKey() as never]) }, nothing)
    assert.deepStrictEqual((await app.inject({ url: "/", headers })).json(), { plan: "pro" })
    const welcome = await app.inject({ url: "/", headers: { cookie: "session=1", "x-api-key": "nonsense" } })
    assert.strictEqual(welcome.statusCode, 302)
    assert.isUndefined(welcome.headers["www-authenticate"])
    assert.strictEqual(welcome.headers["cache-control"], "private")
    assert.deepStrictEqual(await statuses(app, ["/", "/alone"], { "x-api-key": "nonsense" }), {
      "/": 401,
      "/alone": 401
    })
    const alone = await app.inject({ url: "/alone", headers: { "x-api-key": "nonsense" } })
    assert.include(alone.headers["www-authenticate"], "invalid_token")
  })

  it("answers a mistake in onError with 500", async () => {
    const app = Fastify()
    await app.register(fastifyApiKeys, { client, onError: () => Promise.reject(new Error("out of order")) })
    app.get("/", { config: { apiKey: true } }, nothing)
    assert.deepStrictEqual(await statuses(app, ["/"]), { "/": 500 })
  })

  it("leaves an answer alone that was given while it verified", async () => {
    const warnings: Array<string> = []
    const app = Fastify({ logger: { level: "warn", stream: { write: (line: string) => void warnings.push(line) } } })
    const slow: Pick<ApiKeyClient, "validateKey"> = {
      validateKey: (plaintext, options) => client.validateKey(plaintext, options)
    }
    await app.register(fastifyApiKeys, { client: slow })
    let reached = false
    app.addHook("onRequest", (_request, reply, done) => {
      done()
      reply.code(503).send("too late")
    })
    app.get("/", { onRequest: app.requireApiKey() }, () => {
      reached = true
      return {}
    })
    for (const sent of [headers, { authorization: "Bearer nonsense" }]) {
      assert.deepStrictEqual(await statuses(app, ["/"], sent), { "/": 503 })
    }
    // Time for what must not happen.
    await sleep(20)
    assert.isFalse(reached)
    assert.deepStrictEqual(warnings, [])
  })

  it("takes an Effect runtime that has the services", async () => {
    const layer = ApiKeys.layer({ signingSecret: "of no use but for this very test: 0123456789" })
    const runtime = ManagedRuntime.make(layer.pipe(Layer.provide(MemoryStore.layer)))
    const setUp = Effect.gen(function* () {
      const { id } = yield* (yield* Tenants).createOrganization({ name: "Acme Inc" })
      return yield* (yield* ApiKeys).createKey({ organizationId: id, name: "of Effect" })
    })
    const { plaintext } = await runtime.runPromise(setUp)
    const app = Fastify()
    await app.register(fastifyApiKeys, { client: runtime })
    app.get("/", { config: { apiKey: true } }, (request) => apiKeyOf(request))
    const answer = await app.inject({ url: "/", headers: { "x-api-key": Redacted.value(plaintext) } })
    assert.deepInclude(answer.json<object>(), { name: "of Effect", status: "active", useCount: 1 })
    await runtime.dispose()
  })

  it("reads and hides keys of HTTP/2 in the same way", async () => {
    const key = headers.authorization.replace("Bearer ", "")
    const app = Fastify({ http2: true })
    await app.register(fastifyApiKeys, { client, hideCredentials: true })
    app.get("/", { config: { apiKey: true } }, (request) => ({
      plan: apiKeyOf(request).metadata.plan,
      leaks: JSON.stringify([request.headers, request.raw.rawHeaders]).includes(key)
    }))
    const session = connect(await app.listen({ port: 0, host: "127.0.0.1" }))
    const get = async (sent: OutgoingHttpHeaders) => {
      const stream = session.request({ ":path": "/", ...sent })
      const [{ ":status": status }] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status"?: number }]
      return [status, await json(stream)] as const
    }
    assert.deepStrictEqual(await get(headers), [200, { plan: "pro", leaks: false }])
    const refused: ReadonlyArray<readonly [sent: OutgoingHttpHeaders, code: string]> = [
      [{}, "missing_credential"],
      [{ "x-api-key": "nonsense" }, "invalid_key"],
      [{ "x-api-key": [key, key] }, "invalid_request"],
      [{ "x-api-key": "another", ...headers }, "invalid_request"]
    ]
    for (const [sent, code] of refused) {
      const [status, problem] = await get(sent)
      assert.deepInclude(problem, { status, code })
    }
    session.close()
    await app.close()
  })

  it("refuses wrong options when they are given", async () => {
    const register = async (options: object) => {
      const app = Fastify()
      await app.register(fastifyApiKeys, options as never)
    }
    const failed = await register({ client, realm: "", prefix: "/v1" }).catch((error: unknown) => error)
    assert.instanceOf(failed, InvalidInputError)
    assert.deepStrictEqual(
      failed.issues.map(({ path }) => path),
      ["realm"]
    )
    assert.instanceOf(await register({}).catch((error: unknown) => error), InvalidInputError)
    const app = Fastify()
    await app.register(fastifyApiKeys, { client })
    assert.throws(() => app.requireApiKey({ onError: 1 } as never), InvalidInputError, "onError is not a function")
    for (const unplain of [Promise.resolve(), new Map(), Object.create({ requiredScopes: ["admin"] })]) {
      assert.throws(() => app.requireApiKey(unplain as never), InvalidInputError, "is not a plain object")
    }
    assert.throws(
      () => app.get("/", { config: { apiKey: { requiredScope: [] } as never } }, nothing),
      InvalidInputError,
      "requiredScope"
    )
  })
})
