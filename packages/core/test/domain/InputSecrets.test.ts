import { inspect } from "node:util"
import { Effect, FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import type { InvalidInputError } from "../../src/domain/Errors.js"
import { decodeValue } from "../../src/domain/Input.js"
import { decodePosition } from "../../src/domain/Page.js"
import { Scope } from "../../src/domain/Scope.js"
import { decode } from "./decoding.js"
import { EveryField, fieldNames, withField } from "./inputs.js"
import { keys } from "./keys.js"

/** Whatever a log could print of an error. */
const printed = (error: InvalidInputError): string =>
  [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 20, showHidden: true }),
    inspect(Effect.runSyncExit(Effect.fail(error)), { depth: 20, showHidden: true }),
    String(Effect.runSyncExit(Effect.fail(error)))
  ].join("\n")

/** Whether a text holds eight characters of a secret in a row: too many for chance. */
const leaks = (text: string, secret: string): boolean => {
  for (let i = 0; i + 8 <= secret.length; i++) if (text.includes(secret.slice(i, i + 8))) return true
  return false
}

/** Places where somebody may put a key by mistake and where it breaks a rule. */
const misplaced: Record<string, (text: string) => unknown> = {
  "the whole input": (text) => text,
  "the input as a list": (text) => [text],
  "the name of a field": (text) => withField({ [text]: 1 }),
  "the names of many fields": (text) =>
    withField(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [text + i, 1]))),
  "the name of a field within": (text) => withField({ rateLimits: [{ requests: 1, window: 1, [text]: 1 }] }),
  "the description of a symbol": (text) => withField({ [Symbol(text)]: 1 }),
  "an id": (text) => ({ organizationId: text }),
  "an optional id": (text) => withField({ projectId: text }),
  "an id as a list": (text) => withField({ projectId: [text] }),
  "a name with NUL": (text) => withField({ name: `${text}\0` }),
  "a name as an object": (text) => withField({ name: { [text]: text } }),
  "a scope": (text) => withField({ scopes: ["ok", `${text} `] }),
  scopes: (text) => withField({ scopes: text }),
  "a rate limit": (text) => withField({ rateLimits: [text] }),
  "a rate limit's name": (text) => withField({ rateLimits: [{ name: `${text}!`, requests: 1, window: 1 }] }),
  "a rate limit's algorithm": (text) => withField({ rateLimits: [{ algorithm: text, requests: 1, window: 1 }] }),
  "a rate limit's requests": (text) => withField({ rateLimits: [{ requests: text, window: 1 }] }),
  "a rate limit's window": (text) => withField({ rateLimits: [{ requests: 1, window: text }] }),
  "two rate limits' name": (text) =>
    withField({ rateLimits: [1, 2].map((window) => ({ name: text.slice(-49), requests: 1, window })) }),
  "an expiry": (text) => withField({ expiresAt: text }),
  metadata: (text) => withField({ metadata: text }),
  "metadata, beside what is refused": (text) => withField({ metadata: { key: text, other: undefined } }),
  "the name of a metadata member": (text) => withField({ metadata: { [text]: Number.NaN } }),
  "metadata of a secret class": (text) => withField({ metadata: { a: Object.assign(new Map(), { [text]: text }) } }),
  "a getter's error": (text) =>
    Object.defineProperty({}, "organizationId", {
      enumerable: true,
      get: () => {
        throw new Error(text)
      }
    }),
  "a cost": (text) => withField({ cost: text }),
  "a flag": (text) => withField({ trackUsage: text }),
  "a status": (text) => withField({ status: text }),
  "a prefix": (text) => withField({ keyPrefix: text }),
  "an environment": (text) => withField({ environment: text }),
  "an accepted head": (text) => withField({ acceptedHeads: [text] }),
  "a limit": (text) => withField({ limit: text }),
  "a cursor": (text) => withField({ cursor: text.repeat(6) })
}

describe("the error of an input that holds a key", () => {
  it.each(Object.entries(misplaced))("as %s tells neither the key nor its secret", (_, misplace) => {
    FastCheck.assert(
      FastCheck.property(keys, FastCheck.string({ maxLength: 20 }), ({ key, secret }, noise) => {
        for (const text of [key, secret, key.slice(-49), `${noise}${key}`, `${key}${noise}`, `${key}.${key}`]) {
          const result = decode(EveryField, misplace(text))
          expect(result._tag).toBe("Left")
          if (result._tag === "Left") expect(leaks(printed(result.left), secret)).toBe(false)
        }
      }),
      { numRuns: 10 }
    )
  })

  it("tells neither where the key is part of a long text, cut wherever it may be", () => {
    FastCheck.assert(
      FastCheck.property(keys, FastCheck.nat(300), ({ key, secret }, length) => {
        const result = decode(EveryField, withField({ ["_".repeat(length) + key.repeat(6)]: 1 }))
        if (result._tag === "Left") expect(leaks(printed(result.left), secret)).toBe(false)
        expect(result._tag).toBe("Left")
      })
    )
  })

  it("tells neither in any field, alone or in company", () => {
    const anywhere = FastCheck.dictionary(
      FastCheck.constantFrom(...fieldNames),
      FastCheck.constantFrom<(key: string) => unknown>(
        (key) => key,
        (key) => [key],
        (key) => [{ [key]: key }],
        (key) => ({ [key]: [key] })
      ),
      { minKeys: 1, maxKeys: 5 }
    )
    FastCheck.assert(
      FastCheck.property(keys, anywhere, ({ key, secret }, places) => {
        const input = Object.fromEntries(Object.entries(places).map(([field, place]) => [field, place(key)]))
        const result = decode(EveryField, input)
        expect(result._tag).toBe("Left")
        if (result._tag === "Left") expect(leaks(printed(result.left), secret)).toBe(false)
      })
    )
  })

  it("tells neither of a value that stands alone, nor of a cursor", () => {
    FastCheck.assert(
      FastCheck.property(keys, ({ key, secret }) => {
        const errors = [
          Effect.runSync(Effect.flip(decodeValue("scope", Scope)(`${key} `))),
          Effect.runSync(Effect.flip(decodePosition({ key }, key))),
          Effect.runSync(Effect.flip(decodePosition({}, Buffer.from(`["${key}"]`).toString("base64url"))))
        ]
        for (const error of errors) expect(leaks(printed(error), secret)).toBe(false)
      })
    )
  })
})
