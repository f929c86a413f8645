import { runInNewContext } from "node:vm"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { AcceptForeignKeysInput } from "../../src/domain/ForeignKeys.js"
import { isPlainObject } from "../../src/domain/PlainObject.js"
import { RateLimitsInput } from "../../src/domain/RateLimit.js"
import { maxItems, rule } from "../../src/domain/Rule.js"
import { GrantedScopes, Scopes } from "../../src/domain/Scope.js"
import { isAccepted, refusals } from "./decoding.js"

describe("a plain object", () => {
  it("is what a literal makes, in any realm", () => {
    for (const value of [{}, { a: 1 }, Object.create(null), JSON.parse("{}"), structuredClone({}), { ...new Map() }]) {
      expect(isPlainObject(value)).toBe(true)
    }
    for (const text of ["({})", "({ a: 1 })", "Object.create(null)", "JSON.parse('{}')"]) {
      expect(isPlainObject(runInNewContext(text)), text).toBe(true)
    }
  })

  it("is nothing else, in any realm", () => {
    const texts = [
      "new Map()",
      "Promise.resolve()",
      "new (class A {})()",
      "Object.create({})",
      "Object.create(Object.create(null))",
      "Object.create({ hasOwnProperty: 1, isPrototypeOf: 1, constructor: 1 })",
      "[]",
      "new Date()",
      "new Proxy(new Map(), {})",
      "(() => 1)"
    ]
    for (const text of texts) {
      expect(isPlainObject(runInNewContext(text)), text).toBe(false)
      // biome-ignore lint/security/noGlobalEval: the same in this realm
      expect(isPlainObject(eval(`(${text})`)), text).toBe(false)
    }
    for (const value of [null, undefined, 1, "x", true, Symbol("x"), 1n]) expect(isPlainObject(value)).toBe(false)
  })
})

/** A list that tells how many of its members were looked at. */
const watched = (length: number, member: unknown) => {
  let looks = 0
  const list = new Proxy(Array.from({ length }), {
    get: (target, name) => {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        looks++
        return member
      }
      return Reflect.get(target, name)
    }
  })
  return { list, looks: () => looks }
}

describe("the length of a list", () => {
  it.each([
    ["scopes", Scopes, "read", "has over 100 scopes"],
    ["granted scopes", GrantedScopes, "read", "has over 100 scopes"],
    ["rate limits", RateLimitsInput, { requests: 1, window: "minute" }, "has over 16 limits"],
    ["any other list", Schema.Array(Schema.String), "x", "has over 10000 items"],
    ["forms", AcceptForeignKeysInput, { head: "x", alphabet: "hex", length: 32 }, "has over 100 forms"]
  ] as const)("is looked at before its members are: %s", (_, schema, member, words) => {
    const { list, looks } = watched(2_000_000, member)
    expect(refusals(schema as Schema.Schema<unknown, unknown>, list)).toEqual([words])
    expect(looks()).toBe(0)
  })

  it("counts members that are named twice only to where nobody names so many", () => {
    const twice = Array.from({ length: 200 }, (_, i) => `scope:${i % 100}`)
    expect(isAccepted(Scopes, twice)).toBe(true)
    expect(
      refusals(
        Scopes,
        Array.from({ length: 1001 }, () => "read")
      )
    ).toEqual(["has over 100 scopes"])
  })
})

describe("the size of a record", () => {
  it("is looked at before its members are", () => {
    const huge = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`member${i}`, i]))
    expect(refusals(Schema.Struct({ a: Schema.optional(Schema.Number) }), huge)).toEqual(["has over 10000 members"])
    const Open = Schema.Record({ key: Schema.String, value: Schema.Number })
    expect(refusals(Open, huge)).toEqual(["has over 10000 members"])
    const Nested = Schema.Record({ key: Schema.String, value: Schema.Struct({}) })
    expect(refusals(Nested, { a: {}, b: new Map() })).toEqual(["b is not a plain object"])
    const limits = refusals(RateLimitsInput, [huge])
    expect(limits).toEqual(["0 has over 10000 members"])
  })
})

describe("where a schema leaves a choice", () => {
  const Choice = Schema.Union(
    Schema.DateFromSelf,
    Schema.Struct({ a: Schema.Number }),
    Schema.Array(Schema.Number).annotations(maxItems(2, "has over 2"))
  ).annotations(rule("is none of these"))

  it("one of its members has to find nothing wrong", () => {
    for (const good of [new Date(0), { a: 1 }, [1, 2], []]) expect(isAccepted(Choice, good)).toBe(true)
    expect(refusals(Choice, new Map([["a", 1]]))).toEqual(["is not a plain object"])
    expect(refusals(Schema.Union(Schema.Struct({}), Schema.Array(Schema.Number)), new Map())).toEqual([
      "is not a plain object"
    ])
    expect(refusals(Choice, "x")).toEqual(["is none of these"])
  })
})
