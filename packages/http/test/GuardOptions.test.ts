import { InvalidInputError } from "@apikeys/core"
import { assert, describe, it } from "vitest"
import { FailureLimit, makeGuard, problemSettings } from "../src/index.js"

const reader = { message: () => ({ headers: {}, rawHeaders: [] }), address: () => undefined }
const client = { validateKey: () => Promise.reject(new Error("is not called")) }
const uuid = "0197721d-3c80-7000-8000-000000000000"

const issuesOf = (options: object) => {
  try {
    makeGuard({ client, ...options } as never, reader)
    return []
  } catch (error) {
    assert.instanceOf(error, InvalidInputError)
    return error.issues.map(({ path }) => path)
  }
}

describe("options that are no plain object", () => {
  const given = { client, requiredScopes: ["admin"] }
  class Rules {
    get requiredScopes() {
      return ["admin"]
    }
  }
  const unplain = [Promise.resolve(given), new Map(Object.entries(given)), Object.create(given), new Rules()]
  const refused = (make: () => unknown) => {
    try {
      make()
    } catch (error) {
      return error instanceof InvalidInputError ? error.message : error
    }
    return null
  }

  it("are refused, since a guard that reads nothing of them would let everybody in", () => {
    for (const options of unplain) {
      assert.strictEqual(
        refused(() => makeGuard(options as never, reader)),
        "is not a plain object"
      )
      assert.strictEqual(
        refused(() => problemSettings(options as never)),
        "is not a plain object"
      )
      assert.throws(() => new FailureLimit(options as never), TypeError)
    }
    const credentials = Object.create({ bearer: false, headers: ["X-App-Key"] })
    assert.match(String(refused(() => makeGuard({ client, credentials }, reader))), /^credentials /)
    const failureLimit = Object.create({ requests: 1, window: "minute" })
    assert.match(String(refused(() => makeGuard({ client, failureLimit }, reader))), /^failureLimit /)
    assert.isNull(refused(() => makeGuard(Object.assign(Object.create(null), given), reader)))
  })

  it("are told by name where nobody knows them, and not where the name may be a secret", () => {
    const names = { client, ["s".repeat(41)]: 1, "a\nb": 1 }
    assert.strictEqual(
      refused(() => makeGuard(names as never, reader)),
      "… is not a known option; a\\u000ab is not a known option"
    )
  })
})

describe("options of a guard", () => {
  it.each<object>([
    { client: undefined },
    { client: null },
    { client: {} },
    { client: { validateKey: true } },
    { credentials: null },
    { credentials: "bearer" },
    { credentials: { bearer: 1 } },
    { credentials: { header: ["X-API-Key"] } },
    { credentials: { headers: "X-API-Key" } },
    { credentials: { headers: ["X API Key"] } },
    { credentials: { headers: ["X-API-Key", "x-api-key"] } },
    { credentials: { headers: ["authorization"] } },
    { credentials: { headers: [""] } },
    { credentials: { headers: Array.from({ length: 9 }, (_, i) => `X-Key-${i}`) } },
    { credentials: { bearer: false, headers: [] } },
    { realm: "" },
    { realm: "ü" },
    { realm: "a\r\nSet-Cookie: b" },
    { realm: 1 },
    { challengeScheme: "Api Key" },
    { challengeScheme: "" },
    { revokedStatus: 200 },
    { rateLimitHeaders: "draft-12" },
    { rateLimitHeaders: true },
    { hideCredentials: "yes" },
    { rotationHeader: 1 },
    { failureLimit: true },
    { failureLimit: {} },
    { failureLimit: { requests: 10 } },
    { failureLimit: { requests: 0, window: "minute" } },
    { failureLimit: { requests: 10, window: "fortnight" } },
    { failureLimit: { requests: 10, window: "minute", maxClients: 0 } },
    { failureLimit: { requests: 10, window: "minute", burst: 1 } },
    { organizationId: "acme" },
    { organizationId: undefined },
    { projectId: 1 },
    { projectId: undefined },
    { productId: `${uuid}0` },
    { productId: undefined },
    { requiredScopes: "read" },
    { requiredScopes: ["read write"] },
    { requiredScopes: [undefined] },
    { requiredScopes: undefined },
    { cost: -1 },
    { cost: 1.5 },
    { cost: "1" },
    { checkRateLimit: 1 },
    { trackUsage: null },
    { requiredScope: ["read"] },
    { __proto__: null, toString: 1 }
  ])("are refused by name: %j", (options) => {
    assert.deepStrictEqual(issuesOf(options), Object.keys(options))
  })

  it.each<object>([
    {},
    { client: () => client },
    { credentials: {} },
    { credentials: { bearer: true, headers: [] } },
    { credentials: { bearer: false, headers: ["Api-Key", "X-Acme-Key"] } },
    { realm: 'a "quoted" realm' },
    { realm: undefined, cost: undefined, failureLimit: undefined },
    { failureLimit: { requests: 10, window: 60 } },
    { failureLimit: new FailureLimit({ requests: 10, window: "minute" }) },
    { organizationId: uuid, projectId: uuid.toUpperCase(), productId: null },
    {
      organizationId: () => uuid,
      requiredScopes: () => ["read"],
      cost: () => 1,
      checkRateLimit: () => true,
      trackUsage: () => true
    },
    { requiredScopes: ["docs:read"], cost: 0, checkRateLimit: false, trackUsage: false }
  ])("are taken: %j", (options) => {
    assert.deepStrictEqual(issuesOf(options), [])
  })

  it("are refused all at once, without their values", () => {
    assert.throws(
      () => makeGuard({ client: 1, realm: "\u0000secret", cost: -1 } as never, reader),
      InvalidInputError,
      "client is not an ApiKeyClient or an Effect runtime with KeyVerifier; realm is not 1 to 255 characters of printable ASCII; cost is not a whole number from 0 to 2^53 - 1"
    )
  })

  it("of an adapter are its own", () => {
    makeGuard({ client, onError: 1 } as never, reader, ["onError"])
  })

  it("that may depend on the request are the only ones that may be functions", () => {
    assert.deepStrictEqual(issuesOf({ realm: () => "api", hideCredentials: () => true }), ["realm", "hideCredentials"])
  })

  it("for problems alone are checked likewise", () => {
    assert.deepStrictEqual(problemSettings({ credentials: { bearer: false } }), {
      realm: "api",
      scheme: "ApiKey",
      revokedStatus: 403,
      rateLimitHeaders: "draft-11"
    })
    assert.throws(() => problemSettings({ realm: "ü" }), InvalidInputError, "realm")
  })
})
