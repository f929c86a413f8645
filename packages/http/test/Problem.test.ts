import {
  AlreadyExistsError,
  DisabledKeyError,
  ExpiredKeyError,
  IdempotencyConflictError,
  InsufficientScopeError,
  InUseError,
  InvalidInputError,
  InvalidKeyError,
  KeyConflictError,
  KeyId,
  KeyNotAllowedError,
  NotFoundError,
  QuotaError,
  RevokedKeyError,
  StoreError
} from "@apikeys/core"
import { assert, describe, it } from "vitest"
import {
  type GuardError,
  MalformedCredentialError,
  MissingCredentialError,
  ProblemError,
  problemOf,
  problemSettings,
  TooManyFailuresError
} from "../src/index.js"

const settings = problemSettings({})
const id = "0197721d-3c80-7000-8000-000000000000"
const keyId = KeyId.make(id)
const time = new Date("2025-06-15T00:00:00.000Z")

const errors: ReadonlyArray<readonly [status: number, error: GuardError]> = [
  [401, new MissingCredentialError()],
  [400, new MalformedCredentialError({ reason: "Two keys" })],
  [429, new TooManyFailuresError({ retryAfterSeconds: 7 })],
  [401, new InvalidKeyError()],
  [401, new ExpiredKeyError({ keyId, expiredAt: time })],
  [403, new RevokedKeyError({ keyId, revokedAt: time })],
  [403, new DisabledKeyError({ keyId, disabledAt: time })],
  [403, new KeyNotAllowedError({ keyId, constraint: "product" })],
  [403, new InsufficientScopeError({ keyId, required: ["read"], missing: ["read"] })],
  [429, new QuotaError({ keyId, retryAfterSeconds: null, limits: [] })],
  [503, new StoreError({ operation: "KeyStore.find", retryable: true, reason: "pg 57P01" })],
  [400, new InvalidInputError({ issues: [{ path: "name", rule: "is blank" }] })],
  [404, new NotFoundError({ entity: "key", id })],
  [409, new AlreadyExistsError({ entity: "product", existingName: "My API", existingId: id })],
  [409, new InUseError({ entity: "project", id, keys: 2 })],
  [409, new KeyConflictError({ field: "digest" })],
  [422, new IdempotencyConflictError({ existingId: keyId })]
]

describe("problemOf", () => {
  it.each(errors.map(([status, error]) => [error._tag, status, error] as const))(
    "%s is answered with %d",
    (_, status, error) => {
      const answer = problemOf(error, settings)
      assert.instanceOf(answer, ProblemError)
      const { body, cause, headers, message, problem } = answer
      assert.strictEqual(cause, error)
      assert.deepInclude(problem, { status, code: error.code })
      assert.strictEqual(message, problem.detail)
      assert.deepStrictEqual([answer.status, answer.statusCode], [status, status])
      assert.strictEqual(headers["Cache-Control"], "no-store")
      assert.strictEqual(
        headers["WWW-Authenticate"] !== undefined,
        status === 401 || ["invalid_request", "insufficient_scope"].includes(error.code)
      )
      assert.deepStrictEqual(Object.keys(JSON.parse(body)).slice(0, 5), ["type", "title", "status", "detail", "code"])
      assert.notMatch(body, /KeyStore|57P01|_tag|stack/)
    }
  )

  it("is nothing for other errors", () => {
    for (const error of [
      new Error("no key"),
      { _tag: "InvalidKeyError", code: "invalid_key" },
      null,
      undefined,
      "invalid_key"
    ]) {
      assert.isNull(problemOf(error, settings))
    }
  })

  it("of a problem is the problem itself", () => {
    const answer = problemOf(new InvalidKeyError(), settings)
    assert.strictEqual(problemOf(answer, problemSettings({ realm: "other" })), answer)
  })
})
