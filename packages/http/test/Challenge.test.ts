import { FastCheck as fc } from "effect"
import { assert, describe, it } from "vitest"
import { challenge } from "../src/index.js"
import { parseChallenge } from "./table/Syntax.js"

const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })

describe("challenge", () => {
  it("is read back, whatever the realm", () => {
    fc.assert(
      fc.property(printable, (realm) => {
        const { parameters, scheme } = parseChallenge(challenge("Bearer", realm, { error: "invalid_token" }))
        assert.strictEqual(scheme, "Bearer")
        assert.deepStrictEqual(
          [...parameters],
          [
            ["realm", realm],
            ["error", "invalid_token"]
          ]
        )
      })
    )
  })

  it("keeps description and scope within the characters of RFC 6750, section 3", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.array(fc.string({ unit: "binary" })), (description, scopes) => {
        const text = challenge("Bearer", "api", { error: "insufficient_scope", description, scopes })
        const [, told = "", scope = ""] = /error_description="(.*)", scope="(.*)"$/s.exec(text) ?? []
        assert.match(told, /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/)
        assert.match(scope, /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/)
        parseChallenge(text)
      })
    )
  })
})
