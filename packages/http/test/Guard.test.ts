import { inspect } from "node:util"
import {
  InvalidInputError,
  InvalidKeyError,
  type KeyData,
  KeyId,
  QuotaError,
  type RateLimitStatus,
  type ValidateKeyOptions
} from "@apikeys/core"
import { assert, describe, it } from "vitest"
import { type GuardOptions, makeGuard, type RequestMessage, type Verifier } from "../src/index.js"

const keyId = KeyId.make("0197721d-3c80-7000-8000-000000000000")

const limit = (requests: number): RateLimitStatus => ({
  name: "default",
  algorithm: "fixed-window",
  requests,
  window: "minute",
  burst: null,
  windowSeconds: 60,
  remaining: 0,
  resetAfterSeconds: 44,
  retryAfterSeconds: 44
})

/** What matters of a key here. */
const keyUsed = (useCount: number) => ({ id: keyId, useCount }) as unknown as KeyData

const current = { supersededAt: null, supersededUntil: null }

/** A verifier that keeps what it was asked, and counts its answers. */
const verifier = () => {
  const asked: Array<readonly [plaintext: string, options: ValidateKeyOptions]> = []
  const source: Verifier = {
    validateKey: (plaintext, options) => {
      asked.push([plaintext, options])
      return Promise.resolve({ key: keyUsed(-asked.length), limits: [], ...current })
    }
  }
  return { asked, source }
}

const failing = (error: unknown): Verifier => ({ validateKey: () => Promise.reject(error) })

const guard = (options: GuardOptions<RequestMessage>) =>
  makeGuard(options, { message: (request) => request, address: () => undefined })

const request = (): RequestMessage => ({ method: "GET", headers: {}, rawHeaders: ["X-API-Key", "secret"] })

describe("a guard", () => {
  it("asks for all at once, and once where nothing is added", async () => {
    const { asked, source } = verifier()
    const one = request()
    for (let i = 0; i < 3; i++) await guard({ client: source, requiredScopes: [] }).check(one)
    const none = { organizationId: null, projectId: null, productId: null, requiredScopes: [] }
    assert.deepStrictEqual(asked, [["secret", { ...none, checkRateLimit: true, trackUsage: true, cost: 1 }]])
  })

  it("shows nobody who prints the request the key that it took out", async () => {
    const { source } = verifier()
    const one = request()
    await guard({ client: source, hideCredentials: true }).check(one)
    const printed = [inspect(one, { depth: null, showHidden: true }), JSON.stringify(one), JSON.stringify({ ...one })]
    for (const text of printed) assert.notInclude(text, "secret")
  })

  it("keeps the key as the answer knew it that counted the use", async () => {
    const { source } = verifier()
    const one = request()
    await guard({ client: source, trackUsage: false }).check(one)
    await guard({ client: source, requiredScopes: ["read"] }).check(one)
    const decision = await guard({ client: source, requiredScopes: ["write"] }).check(one)
    assert.strictEqual(decision._tag === "Passed" && decision.key?.useCount, -2)
  })

  it("of another client reads a key that an earlier one took out", async () => {
    const first = verifier()
    const second = verifier()
    const one = request()
    await guard({ client: first.source, hideCredentials: true }).check(one)
    assert.deepStrictEqual(one.rawHeaders, [])
    await guard({ client: second.source, hideCredentials: true }).check(one)
    await guard({ client: first.source, cost: 3 }).check(one)
    assert.deepStrictEqual(
      first.asked.map(([plaintext, { cost }]) => [plaintext, cost]),
      [
        ["secret", 1],
        ["secret", 2]
      ]
    )
    assert.deepStrictEqual(
      second.asked.map(([plaintext, { cost }]) => [plaintext, cost]),
      [["secret", 1]]
    )
  })

  it("takes a refused rule for the application's mistake, and a refused id for the caller's", async () => {
    const refused = (...paths: ReadonlyArray<string>) =>
      guard({
        client: failing(new InvalidInputError({ issues: paths.map((path) => ({ path, rule: "is odd" })) }))
      }).check(request())
    const decision = await refused("organizationId", "productId")
    assert.strictEqual(decision._tag === "Refused" && decision.error.status, 400)
    for (const paths of [["cost"], ["requiredScopes.0"], ["productId", "cost"]]) {
      const error = await Promise.resolve(refused(...paths)).catch((thrown: unknown) => thrown)
      assert.instanceOf(error, TypeError)
      assert.include(error.message, String(paths.at(-1)))
    }
  })

  it("decides without a promise where the client knows at once, and asks it where it does not", async () => {
    let asked = 0
    const answers: Array<ReturnType<NonNullable<Verifier["tryValidateKey"]>>> = [
      { key: keyUsed(1), limits: [limit(5)], ...current },
      new InvalidKeyError(),
      null
    ]
    const client: Verifier = {
      tryValidateKey: () => answers.shift() ?? null,
      validateKey: () => {
        asked++
        return Promise.resolve({ key: keyUsed(2), limits: [], ...current })
      }
    }
    const [passed, refused, later] = [1, 2, 3].map(() => guard({ client }).check(request()))
    assert.deepInclude(passed as object, { _tag: "Passed", key: keyUsed(1) })
    assert.deepInclude(refused as object, { _tag: "Refused" })
    assert.strictEqual(asked, 1)
    assert.deepInclude((await later) as object, { _tag: "Passed", key: keyUsed(2) })
    const wrong = new InvalidInputError({ issues: [{ path: "cost", rule: "is odd" }] })
    assert.throws(() => guard({ client: { ...client, tryValidateKey: () => wrong } }).check(request()), TypeError)
  })

  it("tells of a difference that is refused whether the whole would ever fit", async () => {
    const limits = [limit(5), { ...limit(20), name: "larger" }]
    const error = new QuotaError({ keyId, retryAfterSeconds: 44, limits })
    const client: Verifier = {
      validateKey: (_, { cost }) =>
        cost === 1 ? Promise.resolve({ key: keyUsed(1), limits: [], ...current }) : Promise.reject(error)
    }
    const retryAfter = async (cost: number) => {
      const one = request()
      await guard({ client }).check(one)
      const decision = await guard({ client, cost }).check(one)
      assert.strictEqual(decision._tag, "Refused")
      return decision._tag === "Refused" ? decision.error.headers["Retry-After"] : null
    }
    assert.strictEqual(await retryAfter(5), "44")
    assert.strictEqual(await retryAfter(6), undefined)
  })
})
