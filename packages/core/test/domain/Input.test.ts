import { Effect, FastCheck, Schema } from "effect"
import { describe, expect, expectTypeOf, it } from "vitest"
import { InvalidInputError } from "../../src/domain/Errors.js"
import { idInput, ProjectId } from "../../src/domain/Ids.js"
import { decodeInput, decodeValue, invalidInput } from "../../src/domain/Input.js"
import { ShortText } from "../../src/domain/Rule.js"
import { Scopes } from "../../src/domain/Scope.js"
import { accepted, decode, refusals } from "./decoding.js"
import { EveryField, fieldNames, organizationId, withField } from "./inputs.js"

describe("an input", () => {
  it("that is good comes back in its checked form", () => {
    const input = withField({ name: " Acme ", scopes: ["a", "a"], expiresAt: null, limit: 3 })
    expect(accepted(EveryField, input)).toEqual({
      organizationId,
      name: "Acme",
      scopes: ["a"],
      expiresAt: null,
      limit: 3,
      cursor: null
    })
  })

  it("that is broken tells for each field its path and the rule", () => {
    const result = decode(EveryField, {
      organizationId: "x",
      projectId: 7,
      name: "  ",
      scopes: ["ok", "a b", ""],
      rateLimits: [{ requests: 0, window: "week" }],
      expiresAt: "tomorrow",
      metadata: { a: undefined },
      cost: -1,
      trackUsage: "no",
      status: "gone",
      limit: 0
    })
    expect(result._tag === "Left" && result.left.issues).toEqual([
      { path: "organizationId", rule: "is not a UUID" },
      { path: "projectId", rule: "is not a UUID" },
      { path: "name", rule: "is blank" },
      { path: "scopes.1", rule: "holds a character that a scope may not have" },
      { path: "scopes.2", rule: "is blank" },
      { path: "rateLimits.0.requests", rule: "is not a whole number from 1 to 10^15 - 1" },
      {
        path: "rateLimits.0.window",
        rule: "is not second, minute, hour, day, month or a whole number of seconds from 1 to 10^9"
      },
      { path: "expiresAt", rule: "is not a date" },
      { path: "metadata", rule: "holds a value that JSON has no form for" },
      { path: "cost", rule: "is not a whole number from 0 to 2^53 - 1" },
      { path: "trackUsage", rule: "is not true or false" },
      { path: "status", rule: "is not of the expected type" },
      { path: "limit", rule: "is not a whole number from 1 to 1000" }
    ])
  })

  it("says all of that in its message", () => {
    const result = decode(EveryField, { organizationId: "x", limit: 0 })
    expect(result._tag === "Left" && result.left.message).toBe(
      "organizationId is not a UUID; limit is not a whole number from 1 to 1000"
    )
    expect(refusals(EveryField, null)).toEqual(["is not an object"])
  })

  it("lacks no field that is required", () => {
    expect(refusals(EveryField, {})).toEqual(["organizationId is required"])
  })

  it("has no field that nobody knows, at any depth", () => {
    expect(refusals(EveryField, withField({ scope: ["a"] }))).toEqual(["scope is not a known field"])
    expect(refusals(EveryField, withField({ rateLimits: [{ requests: 1, window: 2, per: "key" }] }))).toEqual([
      "rateLimits.0.per is not a known field"
    ])
    expect(refusals(EveryField, JSON.parse(`{"organizationId":"${organizationId}","__proto__":{"a":1}}`))).toEqual([
      "__proto__ is not a known field"
    ])
    expect(refusals(EveryField, withField({ [Symbol("mark")]: 1 }))).toEqual(["Symbol(mark) is not a known field"])
  })

  it("that may be null tells the rule of what it is otherwise", () => {
    for (const NameOrNull of [Schema.Union(Schema.Null, ShortText), Schema.Union(ShortText, Schema.Null)]) {
      expect(refusals(NameOrNull, " ")).toEqual(["is blank"])
      expect(refusals(NameOrNull, undefined)).toEqual(["is not a string"])
    }
  })

  it("is an object", () => {
    for (const value of [undefined, null, 1, "x", true, [], [organizationId]]) {
      expect(refusals(EveryField, value)).toEqual(["is not an object"])
    }
  })

  it("is told at most 50 issues, however many it has", () => {
    const many = Array.from({ length: 1000 }, () => "")
    expect(refusals(EveryField, withField({ scopes: many }))).toHaveLength(50)
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 1]))
    expect(refusals(EveryField, withField(unknown))).toHaveLength(50)
  })

  it("is told no name of a field that is longer than a word, nor a path without end", () => {
    expect(refusals(EveryField, withField({ ["n".repeat(40)]: 1 }))).toEqual([`${"n".repeat(40)} is not a known field`])
    expect(refusals(EveryField, withField({ ["n".repeat(41)]: 1 }))).toEqual(["… is not a known field"])
    let schema: Schema.Schema<unknown> = Schema.declare((value): value is unknown => value === "never")
    let value: unknown = 1
    for (let depth = 0; depth < 20; depth++) {
      schema = Schema.Struct({ ["d".repeat(30)]: schema }) as unknown as Schema.Schema<unknown>
      value = { ["d".repeat(30)]: value }
    }
    expect(refusals(schema, value)).toEqual([
      `${`${"d".repeat(30)}.`.repeat(20).slice(0, 200)} is not of the expected type`
    ])
  })

  it("is refused where reading it throws, and what was thrown is not repeated", () => {
    const thrower = () => {
      throw new Error("secret")
    }
    const getter = Object.defineProperty({}, "organizationId", { enumerable: true, get: thrower })
    for (const hostile of [getter, new Proxy({}, { get: thrower, ownKeys: thrower })]) {
      expect(refusals(EveryField, hostile)).toEqual(["cannot be read"])
    }
  })
})

describe("a value that stands alone", () => {
  it("is told under its name", () => {
    const issues = <A, I>(path: string, schema: Schema.Schema<A, I>, input: unknown) =>
      Effect.runSync(Effect.flip(decodeValue(path, schema)(input))).issues
    expect(issues("id", idInput(ProjectId), "x")).toEqual([{ path: "id", rule: "is not a UUID" }])
    expect(issues("scopes", Scopes, ["", "ok"])).toEqual([{ path: "scopes.0", rule: "is blank" }])
    expect(Effect.runSync(decodeValue("id", idInput(ProjectId))(organizationId))).toBe(organizationId)
  })
})

describe("any input at all", () => {
  const anything = FastCheck.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true
  })

  const rules = /^(is|has|holds|names|cannot) [a-zA-Z0-9 ,:._^-]+$/

  const expectDocumented = (input: unknown) => {
    const result = decode(EveryField, input)
    if (result._tag === "Right") return
    expect(result.left).toBeInstanceOf(InvalidInputError)
    expect(result.left.issues.length).toBeGreaterThan(0)
    expect(result.left.issues.length).toBeLessThanOrEqual(50)
    for (const { path, rule } of result.left.issues) {
      expect(path.length).toBeLessThanOrEqual(200)
      expect(rule).toMatch(rules)
    }
  }

  it("is good or an InvalidInputError, and never a defect", () => {
    FastCheck.assert(FastCheck.property(anything, expectDocumented), { numRuns: 500 })
  })

  it("is so in each of its fields", () => {
    const fields = FastCheck.dictionary(FastCheck.constantFrom(...fieldNames), anything, { maxKeys: 4 })
    FastCheck.assert(
      FastCheck.property(fields, (input) => {
        expectDocumented(input)
        expectDocumented(withField(input))
      }),
      { numRuns: 1000 }
    )
  })

  it("is so as a text in each of its fields", () => {
    const text = FastCheck.string({ unit: "binary", size: "large" })
    FastCheck.assert(
      FastCheck.property(FastCheck.constantFrom(...fieldNames), text, (field, value) => {
        for (const input of [value, [value], { [value]: value }]) expectDocumented(withField({ [field]: input }))
      }),
      { numRuns: 500 }
    )
  })
})

describe("decoding", () => {
  it("fails in its type with InvalidInputError alone", () => {
    expectTypeOf(decodeInput(Scopes)([])).toEqualTypeOf<Effect.Effect<ReadonlyArray<string>, InvalidInputError>>()
    expectTypeOf(invalidInput("a", "b")).toEqualTypeOf<InvalidInputError>()
    expect(invalidInput("name", "is blank").message).toBe("name is blank")
  })
})
