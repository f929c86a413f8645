import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { decodeBySchema, decodeValidation } from "../../../src/services/verifier/options.js"
import { readPlainOptions } from "../../../src/services/verifier/plainOptions.js"

const id = fc.oneof(
  { weight: 5, arbitrary: fc.uuid() },
  { weight: 2, arbitrary: fc.constantFrom(undefined, null, "", "x", 5, "0197721D-3C80-7000-8000-000000000000") }
)
const scope = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("read", "write", "docs:*", "a:b:c") },
  { weight: 1, arbitrary: fc.constantFrom("", " ", 'a"b', "x".repeat(129), 5, "read ", "é") }
)
const flag = fc.constantFrom(true, false, undefined, null, 0)
const cost = fc.constantFrom(0, 1, 7, -1, 1.5, Number.NaN, 2 ** 53, 2 ** 53 - 1, "1", undefined, null)

const options = fc.record(
  {
    organizationId: id,
    projectId: id,
    productId: id,
    requiredScopes: fc.oneof(
      { weight: 8, arbitrary: fc.array(scope, { maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          undefined,
          null,
          "read",
          {},
          Array.from({ length: 101 }, (_, i) => `s${i}`)
        )
      }
    ),
    trackUsage: fc.oneof({ weight: 4, arbitrary: fc.boolean() }, flag),
    checkRateLimit: fc.oneof({ weight: 4, arbitrary: fc.boolean() }, flag),
    cost: fc.oneof({ weight: 4, arbitrary: fc.nat() }, cost),
    scope: fc.constant("unknown")
  },
  { requiredKeys: [] }
)

describe("options that are read without the schema", () => {
  it("are what the schema makes of them", () => {
    let plain = 0
    fc.assert(
      fc.property(options, (given) => {
        const read = readPlainOptions(given)
        if (read === null) return
        plain++
        expect(read).toEqual(decodeBySchema(given))
      }),
      { numRuns: 3000 }
    )
    expect(plain).toBeGreaterThan(50)
  })

  it("are none that hide something", () => {
    const throwing = Object.defineProperty({}, "cost", {
      enumerable: true,
      get: () => {
        throw new Error("no")
      }
    })
    for (const given of [
      throwing,
      new Date(),
      [],
      Object.create({ cost: 1 }),
      { [Symbol("x")]: 1 },
      { requiredScopes: new (class extends Array {})() }
    ]) {
      expect(readPlainOptions(given)).toBeNull()
    }
    expect(decodeValidation(throwing)).toMatchObject({ issues: [{ path: "", rule: "cannot be read" }] })
  })

  it("are the caller's no longer", () => {
    const requiredScopes = ["read"]
    const read = readPlainOptions({ requiredScopes })
    requiredScopes.push("write")
    expect(read?.requiredScopes).toEqual(["read"])
  })

  it("are read once where they cannot change, and each time where something of them can", () => {
    const constant = Object.freeze({ cost: 2, requiredScopes: Object.freeze(["read"]), productId: null })
    const read = readPlainOptions(constant)
    expect(read).toMatchObject({ cost: 2, requiredScopes: ["read"] })
    expect(readPlainOptions(constant)).toBe(read)

    const requiredScopes = ["read"]
    const growing = Object.freeze({ requiredScopes })
    expect(readPlainOptions(growing)?.requiredScopes).toEqual(["read"])
    requiredScopes.push("write")
    expect(readPlainOptions(growing)?.requiredScopes).toEqual(["read", "write"])

    let cost = 0
    const counting = Object.freeze(Object.defineProperty({}, "cost", { enumerable: true, get: () => ++cost }))
    expect([readPlainOptions(counting)?.cost, readPlainOptions(counting)?.cost]).toEqual([1, 2])

    const changing: { cost: number } = { cost: 1 }
    expect(readPlainOptions(changing)?.cost).toBe(1)
    changing.cost = 5
    expect(readPlainOptions(changing)?.cost).toBe(5)
  })
})
