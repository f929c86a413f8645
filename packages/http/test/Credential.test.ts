import { FastCheck as fc } from "effect"
import { assert, describe, it } from "vitest"
import { acceptedCredentials, readCredential } from "../src/index.js"

const accepted = acceptedCredentials()

const name = fc.constantFrom("X-API-Key", "x-api-key", "Authorization", "AUTHORIZATION", "Cookie", "X-API-Keys", "")
const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^(bearer|Bearer|Basic)?[ \t]*[a-z_,]{0,8}[ \t]*$/),
  fc.constantFrom("", " ", "Bearer", "a,b", "key")
)
const rawHeaders = fc.array(fc.tuple(name, value)).map((fields) => fields.flat())

describe("readCredential", () => {
  it("of whatever was sent finds one key, none, or what cannot be understood", () => {
    fc.assert(
      fc.property(rawHeaders, (raw) => {
        const count = (field: string) => raw.filter((text, i) => i % 2 === 0 && text.toLowerCase() === field).length
        const credential = readCredential(raw, accepted)
        if (count("x-api-key") > 1 || count("authorization") > 1) assert.strictEqual(credential._tag, "Malformed")
        if (count("x-api-key") + count("authorization") === 0) assert.strictEqual(credential._tag, "Absent")
        if (credential._tag !== "Presented") return
        assert.isTrue(
          raw.some(
            (text, i) =>
              (i % 2 === 1 && text.endsWith(credential.plaintext.trimEnd())) || text.includes(credential.plaintext)
          )
        )
        assert.notMatch(credential.plaintext.slice(0, 513), /,|^[ \t]|[ \t]$/)
      }),
      { numRuns: 2000 }
    )
  })

  it("looks no further into a value than a key is long", () => {
    const long = "k".repeat(600)
    assert.deepStrictEqual(readCredential(["X-API-Key", `${long},`], accepted), {
      _tag: "Presented",
      plaintext: `${long},`
    })
    assert.strictEqual(readCredential(["X-API-Key", `${"k".repeat(512)},`], accepted)._tag, "Malformed")
  })

  it("ignores a name without a value", () => {
    assert.strictEqual(readCredential(["X-API-Key"], accepted)._tag, "Absent")
  })
})
