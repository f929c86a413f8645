import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { covers, GrantedScopes, missingScopes, Scope, Scopes } from "../../src/domain/Scope.js"
import { accepted, isAccepted, refusals } from "./decoding.js"

const segments = FastCheck.string({ unit: FastCheck.constantFrom(..."ab*-.~"), minLength: 1, maxLength: 4 })
const scopes = FastCheck.array(segments, { minLength: 1, maxLength: 4 }).map((all) => all.join(":"))

describe("a scope", () => {
  it("has the characters of RFC 6749's scope-token, and no other", () => {
    const allowed = (code: number): boolean =>
      code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e)
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code)
      expect(isAccepted(Scope, `a${character}b`), `inside: ${code}`).toBe(allowed(code))
      expect(isAccepted(Scope, character), `alone: ${code}`).toBe(allowed(code))
      expect(isAccepted(Scope, `a${character}`), `at the end: ${code}`).toBe(allowed(code))
    }
    for (const character of ["é", "…", "𝒳", "\ud800", "\u2028"]) expect(isAccepted(Scope, character)).toBe(false)
  })

  it("is 1 to 128 characters", () => {
    expect(refusals(Scope, "")).toEqual(["is blank"])
    expect(isAccepted(Scope, "a")).toBe(true)
    expect(isAccepted(Scope, "a".repeat(128))).toBe(true)
    expect(refusals(Scope, "a".repeat(129))).toEqual(["is over 128 characters"])
  })

  it("is kept as it was written", () => {
    expect(accepted(Scope, "Docs:Read")).toBe("Docs:Read")
  })
})

describe("the scopes of a key", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `scope:${i}`)

  it("are at most 100", () => {
    expect(accepted(Scopes, many(100))).toEqual(many(100))
    expect(refusals(Scopes, many(101))).toEqual(["has over 100 scopes"])
  })

  it("count once where they are named twice, in the order of their first naming", () => {
    expect(accepted(Scopes, ["b", "a", "b", "c", "a"])).toEqual(["b", "a", "c"])
    expect(accepted(Scopes, [...many(100), "scope:7"])).toEqual(many(100))
  })

  it("have a * alone or as the last segment, where they are granted", () => {
    const good = ["*", "docs:*", "docs:read:*", ":*", "docs", "docs:read"]
    expect(accepted(GrantedScopes, good)).toEqual(good)
    for (const odd of ["**", "a*", "*a", "*:read", "*:*", "*:*:read", "a:*:b", "a:*b", "a:b*", "a:**", "a:*:*", "*:"]) {
      expect(refusals(GrantedScopes, ["ok", odd]), odd).toEqual([
        "1 has a * that is neither all of it nor its last segment"
      ])
      expect(isAccepted(Scopes, [odd]), "required ones are literal").toBe(true)
    }
  })

  it("may be none", () => {
    expect(accepted(Scopes, [])).toEqual([])
  })

  it("are refused one by one, each at its place", () => {
    expect(refusals(Scopes, ["ok", "", "a b", 7, null])).toEqual([
      "1 is blank",
      "2 holds a character that a scope may not have",
      "3 is not a string",
      "4 is not a string"
    ])
    expect(refusals(Scopes, "docs:read")).toEqual(["is not a list of scopes"])
  })
})

describe("a granted scope", () => {
  it.each([
    ["docs:read", "docs:read", true],
    ["docs:read", "docs:write", false],
    ["docs:read", "docs:read:own", false],
    ["docs:read", "docs", false],
    ["docs", "docs:read", false],
    ["docs:*", "docs:read", true],
    ["docs:*", "docs:read:own", true],
    ["docs:*", "docs:*", true],
    ["docs:*", "docs", false],
    ["docs:*", "docs:", false],
    ["docs:*", "docsx", false],
    ["docs:*", "docsx:read", false],
    ["docs:*", "xdocs:read", false],
    ["docs:*", "Docs:read", false],
    ["docs:*", "*", false],
    ["docs:read:*", "docs:read", false],
    ["docs:read:*", "docs:write:own", false],
    ["docs:read:*", "docs:read:own", true],
    ["*", "docs", true],
    ["*", "docs:read:own", true],
    ["*", "*", true],
    ["doc*", "docs", false],
    ["docs*", "docs:read", false],
    ["*:read", "docs:read", false],
    ["docs:*:own", "docs:read:own", false],
    ["docs:read", "docs:*", false],
    ["docs:read", "*", false]
  ])("%s covers %s: %s", (granted, required, covered) => {
    expect(covers(granted, required)).toBe(covered)
  })

  it("covers itself, and * covers all", () => {
    FastCheck.assert(FastCheck.property(scopes, (scope) => covers(scope, scope) && covers("*", scope)))
  })

  it("with a last segment * covers exactly what has more segments under the same ones", () => {
    FastCheck.assert(
      FastCheck.property(scopes, scopes, (parent, other) => {
        expect(covers(`${parent}:*`, `${parent}:${other}`)).toBe(true)
        expect(covers(`${parent}:*`, parent)).toBe(false)
        const [above, below] = [parent.split(":"), other.split(":")]
        const isBelow = below.length > above.length && above.every((segment, i) => segment === below[i])
        expect(covers(`${parent}:*`, other)).toBe(isBelow)
      }),
      { numRuns: 500 }
    )
  })

  it("covers what it says alone, where it has no * of its own", () => {
    FastCheck.assert(
      FastCheck.property(scopes, scopes, (granted, required) => {
        FastCheck.pre(!granted.endsWith("*"))
        return covers(granted, required) === (granted === required)
      })
    )
  })
})

describe("missing scopes", () => {
  it("are those that no granted one covers, in the order asked", () => {
    expect(missingScopes(["docs:*", "users:read"], ["users:write", "docs:read", "billing", "users:read"])).toEqual([
      "users:write",
      "billing"
    ])
  })

  it("are all of them where nothing is granted: no scopes grant nothing", () => {
    expect(missingScopes([], ["docs:read", "*"])).toEqual(["docs:read", "*"])
  })

  it("are none where none is required", () => {
    expect(missingScopes([], [])).toEqual([])
  })
})
