import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { issue, KeyEnvironment, KeyHead, KeyPrefix, ownHeadOf } from "../../src/domain/KeyToken.js"
import { isAccepted, refusals } from "./decoding.js"
import { environments, heads, prefixes } from "./keys.js"

const nearHeads = FastCheck.array(FastCheck.constantFrom(..."ab0_"), { maxLength: 52 }).map((all) => all.join(""))

describe("a prefix", () => {
  it("is 1 to 32 of a-z 0-9 _, beginning with a letter and not ending in _", () => {
    for (const prefix of [
      "a",
      "sk",
      "myapp",
      "my_app",
      "my__app",
      "a0",
      "a_0",
      "a".repeat(32),
      `a${"_".repeat(30)}b`
    ]) {
      expect(isAccepted(KeyPrefix, prefix), prefix).toBe(true)
    }
    const bad = ["", "_", "_a", "0", "0a", "a_", "a__", "A", "aB", "a-b", "a b", "a.b", "é", "a\n", "\na", " a"]
    for (const prefix of [...bad, "a".repeat(33), `${"a".repeat(31)}_`, `${"a".repeat(32)}_`]) {
      expect(isAccepted(KeyPrefix, prefix), prefix).toBe(false)
    }
    FastCheck.assert(FastCheck.property(prefixes, (prefix) => isAccepted(KeyPrefix, prefix)))
  })

  it("is refused in words", () => {
    expect(refusals(KeyPrefix, "A")).toEqual([
      "is not 1 to 32 of a-z 0-9 _, beginning with a letter and not ending in _"
    ])
    expect(refusals(KeyPrefix, 1)).toEqual(["is not a string"])
  })
})

describe("an environment", () => {
  it("is 1 to 16 of a-z 0-9, beginning with a letter", () => {
    for (const environment of ["live", "test", "a", "eu1", "a".repeat(16)]) {
      expect(isAccepted(KeyEnvironment, environment), environment).toBe(true)
    }
    for (const environment of ["", "1", "1a", "a_b", "_a", "a_", "Live", "a-b", "a\n", "a".repeat(17)]) {
      expect(isAccepted(KeyEnvironment, environment), environment).toBe(false)
    }
    FastCheck.assert(FastCheck.property(environments, (environment) => isAccepted(KeyEnvironment, environment)))
  })
})

describe("a head", () => {
  it("is a prefix, or a prefix, _ and an environment, at their full lengths", () => {
    expect(isAccepted(KeyHead, "p".repeat(32))).toBe(true)
    expect(isAccepted(KeyHead, `${"p".repeat(32)}_${"e".repeat(16)}`)).toBe(true)
    FastCheck.assert(FastCheck.property(heads, (head) => isAccepted(KeyHead, head)))
  })

  it("is nothing else: neither part is longer than it may be", () => {
    const tooLong = [`${"p".repeat(33)}_e`, `p_${"e".repeat(32)}`, `p_0${"e".repeat(30)}`]
    for (const head of [...tooLong, "p".repeat(33), "p_", "_e", "", "P_live", "p_live\n", `p_live_`]) {
      expect(isAccepted(KeyHead, head), head).toBe(false)
    }
  })

  it("is recognized in a key, without a regular expression, where it is one", () => {
    const zeros = (size: number) => new Uint8Array(size)
    const isHeadOfKey = (text: string) => ownHeadOf(issue(text, zeros)) === text
    for (const text of ["a", "p".repeat(32), `${"p".repeat(32)}_${"e".repeat(16)}`])
      expect(isHeadOfKey(text)).toBe(true)
    const anyLength = FastCheck.array(FastCheck.constantFrom(..."aaab0_A"), { maxLength: 52 }).map((all) =>
      all.join("")
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.oneof(nearHeads, anyLength, heads),
        (text) => isHeadOfKey(text) === isAccepted(KeyHead, text)
      ),
      { numRuns: 2000 }
    )
  })

  it("agrees with the rules of its parts on any text", () => {
    const isHead = (text: string): boolean => {
      const split = text.lastIndexOf("_")
      return (
        isAccepted(KeyPrefix, text) ||
        (split > 0 && isAccepted(KeyPrefix, text.slice(0, split)) && isAccepted(KeyEnvironment, text.slice(split + 1)))
      )
    }
    FastCheck.assert(
      FastCheck.property(nearHeads, (text) => isAccepted(KeyHead, text) === isHead(text)),
      { numRuns: 300 }
    )
  })
})
