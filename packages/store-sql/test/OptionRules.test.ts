import { assert, describe, it } from "@effect/vitest"
import { type OptionRules, optionIssues } from "../src/index.js"

const rules: OptionRules = { max: { holds: (value) => typeof value === "number", rule: "is not a number" } }

describe("options of a store", () => {
  it("are a plain object, since others may have no member of their own to read", () => {
    const given = { max: 1 }
    for (const unplain of [Promise.resolve(given), new Map(), Object.create(given), new (class Options {})(), []]) {
      assert.deepStrictEqual(optionIssues(unplain, rules), [{ path: "", rule: "is not a plain object" }])
      assert.deepStrictEqual(optionIssues(unplain, rules, "pool."), [{ path: "pool", rule: "is not a plain object" }])
    }
    for (const none of [null, undefined, 1, "max"]) {
      assert.deepStrictEqual(optionIssues(none, rules), [{ path: "", rule: "is not an object" }])
    }
    for (const plain of [given, Object.assign(Object.create(null), given), {}, { max: undefined }]) {
      assert.deepStrictEqual(optionIssues(plain, rules), [])
    }
  })

  it("are told by name where nobody knows them, and not where the name may be a secret", () => {
    const secret = "s".repeat(41)
    const issues = optionIssues({ [secret]: 1, "a\nb\u202e": 1, constructor: 1, max: "x" }, rules, "pool.")
    assert.deepStrictEqual(issues, [
      { path: "pool.…", rule: "is not a known field" },
      { path: "pool.a\\u000ab\\u202e", rule: "is not a known field" },
      { path: "pool.constructor", rule: "is not a known field" },
      { path: "pool.max", rule: "is not a number" }
    ])
    assert.deepStrictEqual(optionIssues({ ["n".repeat(40)]: 1 }, rules)[0]?.path, "n".repeat(40))
  })
})
