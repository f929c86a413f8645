import { ParseResult } from "effect"
import { describe, expect, expectTypeOf, it } from "vitest"
import * as Errors from "../../src/domain/Errors.js"
import { KeyId } from "../../src/domain/Ids.js"
import type { RateLimitStatus } from "../../src/domain/RateLimitStatus.js"

const keyId = KeyId.make("0190163d-8694-739b-aea5-966c26f8ad91")
const moment = new Date("2026-01-02T03:04:05.678Z")
const id = "0190163d-8694-739b-aea5-966c26f8ad92"

const limit: RateLimitStatus = {
  name: "default",
  algorithm: "fixed-window",
  requests: 1,
  window: "minute",
  burst: null,
  windowSeconds: 60,
  remaining: 0,
  resetAfterSeconds: 7,
  retryAfterSeconds: 7
}

const quota = (retryAfterSeconds: number | null) => new Errors.QuotaError({ keyId, retryAfterSeconds, limits: [limit] })

/** Each error of the table: its code, an instance, its data, and what it says. */
const table: ReadonlyArray<
  readonly [name: string, code: string, error: Errors.ApiKeyError, data: object, says: string]
> = [
  ["InvalidKeyError", "invalid_key", new Errors.InvalidKeyError(), {}, "The API key is invalid"],
  [
    "ExpiredKeyError",
    "expired_key",
    new Errors.ExpiredKeyError({ keyId, expiredAt: moment }),
    { keyId, expiredAt: moment },
    "The API key expired at 2026-01-02T03:04:05.678Z"
  ],
  [
    "RevokedKeyError",
    "revoked_key",
    new Errors.RevokedKeyError({ keyId, revokedAt: moment }),
    { keyId, revokedAt: moment },
    "The API key was revoked at 2026-01-02T03:04:05.678Z"
  ],
  [
    "DisabledKeyError",
    "disabled_key",
    new Errors.DisabledKeyError({ keyId, disabledAt: moment }),
    { keyId, disabledAt: moment },
    "The API key was disabled at 2026-01-02T03:04:05.678Z"
  ],
  [
    "KeyNotAllowedError",
    "key_not_allowed",
    new Errors.KeyNotAllowedError({ keyId, constraint: "project" }),
    { keyId, constraint: "project" },
    "The API key is not allowed for this project"
  ],
  [
    "InsufficientScopeError",
    "insufficient_scope",
    new Errors.InsufficientScopeError({ keyId, required: ["a", "b", "c"], missing: ["b", "c"] }),
    { keyId, required: ["a", "b", "c"], missing: ["b", "c"] },
    "The API key lacks the scope b c"
  ],
  [
    "QuotaError",
    "quota_exceeded",
    quota(7),
    { keyId, retryAfterSeconds: 7, limits: [limit] },
    "A rate limit of the API key is exhausted; retry in 7 s"
  ],
  [
    "AlreadyExistsError",
    "already_exists",
    new Errors.AlreadyExistsError({ entity: "product", existingName: "My API", existingId: id }),
    { entity: "product", existingName: "My API", existingId: id },
    'The product "My API" exists already'
  ],
  [
    "NotFoundError",
    "not_found",
    new Errors.NotFoundError({ entity: "key", id }),
    { entity: "key", id },
    `There is no key ${id}`
  ],
  [
    "InUseError",
    "in_use",
    new Errors.InUseError({ entity: "project", id, keys: 2 }),
    { entity: "project", id, keys: 2 },
    `The project ${id} still has 2 keys`
  ],
  [
    "KeyConflictError",
    "key_conflict",
    new Errors.KeyConflictError({ field: "digest" }),
    { field: "digest" },
    "Another API key has this digest"
  ],
  [
    "IdempotencyConflictError",
    "idempotency_conflict",
    new Errors.IdempotencyConflictError({ existingId: keyId }),
    { existingId: keyId },
    "The idempotency key was used with other input before"
  ],
  [
    "InvalidInputError",
    "invalid_input",
    new Errors.InvalidInputError({ issues: [{ path: "name", rule: "is blank" }] }),
    { issues: [{ path: "name", rule: "is blank" }] },
    "name is blank"
  ],
  [
    "StoreError",
    "store_unavailable",
    new Errors.StoreError({ operation: "findKey", retryable: true, reason: "sqlite SQLITE_BUSY" }),
    { operation: "findKey", retryable: true, reason: "sqlite SQLITE_BUSY" },
    "The store could not answer findKey: sqlite SQLITE_BUSY"
  ]
]

describe.each(table)("%s", (name, code, error, data, says) => {
  it(`has the code ${code}, and its name as _tag and as name`, () => {
    expect(error.code).toBe(code)
    expect(error._tag).toBe(name)
    expect(error.name).toBe(name)
  })

  it("carries the data of the table, and no other", () => {
    const { code: _code, _tag, ...carried } = { ...error }
    expect(carried).toEqual(data)
  })

  it("is an Error, of its own class, and an ApiKeyError", () => {
    expect(error).toBeInstanceOf(Error)
    expect(error instanceof Errors.ApiKeyError).toBe(true)
    const classes = Object.entries(Errors).filter(([, value]) => typeof value === "function")
    expect(classes).toHaveLength(14)
    for (const [other, Class] of classes) {
      expect(error instanceof (Class as new () => unknown), other).toBe(other === name)
    }
  })

  it("says what happened", () => {
    expect(error.message).toBe(says)
    expect(String(error)).toContain(says)
    expect(error.stack).toContain("Errors.test")
  })
})

describe("ApiKeyError", () => {
  it("catches the errors of the table, and nothing else", () => {
    const { InvalidKeyError } = Errors
    const alike = [
      new Error("x"),
      new TypeError("x"),
      Object.assign(new Error("x"), { _tag: "InvalidKeyError", code: "invalid_key" }),
      { ...new InvalidKeyError() },
      InvalidKeyError,
      null,
      undefined,
      "InvalidKeyError",
      {}
    ]
    for (const other of alike) expect(other instanceof Errors.ApiKeyError).toBe(false)
    expect(table).toHaveLength(14)
  })

  it("narrows by instanceof and by _tag", () => {
    const caught: unknown = quota(3)
    let seconds: number | null = 0
    if (caught instanceof Errors.ApiKeyError) {
      expectTypeOf(caught).toEqualTypeOf<Errors.ApiKeyError>()
      if (caught._tag === "QuotaError") {
        expectTypeOf(caught).toEqualTypeOf<Errors.QuotaError>()
        seconds = caught.retryAfterSeconds
      }
    }
    expect(seconds).toBe(3)
  })
})

describe("what errors say in their other cases", () => {
  it("counts one key in the singular, and names no id that nobody gave", () => {
    expect(new Errors.InUseError({ entity: "product", id, keys: 1 }).message).toBe(`The product ${id} still has 1 key`)
    expect(new Errors.NotFoundError({ entity: "organization", id: null }).message).toBe(
      "There is no organization of that name"
    )
  })

  it("escapes what it quotes, so that nobody writes lines or commands into a log", () => {
    const hostile = "x\n2026 admin\u001b[31m\u202e\u2028\u0085"
    const escaped = "x\\u000a2026 admin\\u001b[31m\\u202e\\u2028\\u0085"
    const messages = [
      new Errors.AlreadyExistsError({ entity: "project", existingName: hostile, existingId: id }),
      new Errors.NotFoundError({ entity: "key", id: hostile }),
      new Errors.InsufficientScopeError({ keyId, required: [hostile], missing: [hostile] }),
      new Errors.InvalidInputError({ issues: [{ path: hostile, rule: "is blank" }] }),
      new Errors.StoreError({ operation: hostile, retryable: true, reason: hostile })
    ].map(({ message }) => message)
    for (const message of messages) {
      expect(message).toContain(escaped)
      expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
    }
  })

  it("does not advise to wait where waiting does not help", () => {
    expect(quota(null).message).toBe("The call costs more than a rate limit of the API key can ever admit")
  })

  it("joins broken rules, and leaves out a path that is none", () => {
    const issues = [
      { path: "", rule: "is not an object" },
      { path: "name", rule: "is blank" }
    ]
    expect(new Errors.InvalidInputError({ issues }).message).toBe("is not an object; name is blank")
  })
})

describe("the types of errors", () => {
  it("name their codes and data exactly", () => {
    type Data<E> = Omit<E, keyof Errors.InvalidKeyError>
    type Id = { readonly keyId: KeyId }
    expectTypeOf<Data<Errors.ExpiredKeyError>>().branded.toEqualTypeOf<Id & { readonly expiredAt: Date }>()
    expectTypeOf<Data<Errors.RevokedKeyError>>().branded.toEqualTypeOf<Id & { readonly revokedAt: Date }>()
    expectTypeOf<Data<Errors.DisabledKeyError>>().branded.toEqualTypeOf<Id & { readonly disabledAt: Date }>()
    expectTypeOf<Errors.KeyNotAllowedError["constraint"]>().toEqualTypeOf<"organization" | "project" | "product">()
    expectTypeOf<Errors.InsufficientScopeError["missing"]>().toEqualTypeOf<ReadonlyArray<string>>()
    expectTypeOf<Errors.QuotaError["retryAfterSeconds"]>().toEqualTypeOf<number | null>()
    expectTypeOf<Errors.QuotaError["limits"]>().toEqualTypeOf<ReadonlyArray<RateLimitStatus>>()
    expectTypeOf<Errors.AlreadyExistsError["entity"]>().toEqualTypeOf<"organization" | "project" | "product">()
    expectTypeOf<Errors.NotFoundError["entity"]>().toEqualTypeOf<"organization" | "project" | "product" | "key">()
    expectTypeOf<Errors.NotFoundError["id"]>().toEqualTypeOf<string | null>()
    expectTypeOf<Errors.InUseError["keys"]>().toEqualTypeOf<number>()
    expectTypeOf<Errors.StoreError["retryable"]>().toEqualTypeOf<boolean>()
    expectTypeOf<Errors.InvalidInputError["issues"]>().toEqualTypeOf<
      ReadonlyArray<{ readonly path: string; readonly rule: string }>
    >()
    expectTypeOf<Errors.ApiKeyError["_tag"]>().toEqualTypeOf<
      | "InvalidKeyError"
      | "ExpiredKeyError"
      | "RevokedKeyError"
      | "DisabledKeyError"
      | "KeyNotAllowedError"
      | "InsufficientScopeError"
      | "QuotaError"
      | "AlreadyExistsError"
      | "NotFoundError"
      | "InUseError"
      | "KeyConflictError"
      | "IdempotencyConflictError"
      | "InvalidInputError"
      | "StoreError"
    >()
    expectTypeOf<Errors.ApiKeyError["code"]>().toEqualTypeOf<
      | "invalid_key"
      | "expired_key"
      | "revoked_key"
      | "disabled_key"
      | "key_not_allowed"
      | "insufficient_scope"
      | "quota_exceeded"
      | "already_exists"
      | "not_found"
      | "in_use"
      | "key_conflict"
      | "idempotency_conflict"
      | "invalid_input"
      | "store_unavailable"
    >()
  })

  it("hold when they are made: data of another shape is refused", () => {
    const bad = { entity: "key", existingName: "x", existingId: id } as never
    expect(() => new Errors.AlreadyExistsError(bad)).toThrow(ParseResult.ParseError)
  })
})
