import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { InvalidInputError } from "../../src/domain/Errors.js"
import { parseJson } from "../../src/domain/ExactJson.js"

const refusal = (text: string): ReadonlyArray<string> => {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues.map(({ path }) => path)
    throw error
  }
  throw new Error(`took ${text}`)
}

describe("parseJson", () => {
  it("reads what JSON.parse reads, number by number", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // The last digits of integers that large may be meant or not.
        fc.pre(!/(?<![.\d])\d{16,}(?![.\deE])/.test(text))
        assert.deepStrictEqual(parseJson(text), JSON.parse(text))
      })
    )
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        if (Number.isInteger(number) && !Number.isSafeInteger(number)) return
        const written = Object.is(number, -0) ? "-0.0" : JSON.stringify(number)
        assert.strictEqual(parseJson(written), number)
        assert.strictEqual(parseJson(number.toPrecision(17)), number)
      })
    )
  })

  it.each([
    "9007199254740991",
    "-9007199254740991",
    "1.0",
    "1e16",
    "1E+23",
    "9007199254740992.0",
    "1.2345678901234567e+20",
    "1.7976931348623157e308",
    "0.1",
    "-0",
    "0.0e5",
    "0.10000000000000001"
  ])("takes %s", (number) => {
    assert.deepStrictEqual(parseJson(`[${number}]`), [Number(number)])
  })

  it.each([
    "9007199254740992",
    "9007199254740993",
    "123456789012345678",
    "-123456789012345678",
    "100000000000000000000000",
    "1e400",
    "-1e400",
    "1e-400",
    "123456789012345678.5",
    "9007199254740993.0",
    "9.007199254740993e15",
    "-90071992547409930E-1",
    "0.30000000000000004441"
  ])("refuses %s, or gives its text", (number) => {
    assert.deepStrictEqual(refusal(`{"a": [1, ${number}]}`), ["a.1"])
    assert.deepStrictEqual(parseJson(`{"a": [1, ${number}]}`, { inexactNumbers: "text" }), { a: [1, number] })
  })

  it("passes over what strings and names hold", () => {
    const value = { 'a"12345678901234567890': '\\"12345678901234567890\\', "\\": "12345678901234567890" }
    assert.deepStrictEqual(parseJson(JSON.stringify(value)), value)
    assert.deepStrictEqual(refusal('{"\\\\": 12345678901234567890, "b": ",12345678901234567890"}'), ["\\"])
  })

  it("names each path, and no value", () => {
    const text = '{"custom": {"id": 12345678901234567890, "n": 1}, "list": [{"x": 98765432109876543210}]}'
    assert.deepStrictEqual(refusal(text), ["custom.id", "list.0.x"])
    assert.deepStrictEqual(refusal("12345678901234567890"), [""])
    assert.strictEqual(refusal(`[${"12345678901234567890,".repeat(100)}1]`).length, 50)
    assert.deepStrictEqual(refusal('{"__proto__": 12345678901234567890}'), ["__proto__"])
  })

  it("makes no JSON of what is none", () => {
    for (const text of ["", "{12345678901234567890: 1}", "NaN", "[1,]", "01234567890123456789", '"\n"']) {
      assert.throws(() => parseJson(text), SyntaxError)
      assert.throws(() => parseJson(text, { inexactNumbers: "text" }), SyntaxError)
    }
  })

  it("takes long numbers, which a stranger may send", () => {
    const zeros = "0".repeat(2_000_000)
    for (const number of [`1.${zeros}1`, `0.${zeros}1e9`, `-1${zeros}1.5`]) {
      assert.deepStrictEqual(refusal(`[${number}]`), ["0"])
    }
    assert.deepStrictEqual(parseJson(`[1.${zeros}, 0.${zeros}]`), [1, 0])
  })

  it("takes long texts and deep ones", () => {
    const long = `"${"x\\u0020\\\\".repeat(500_000)}"`
    assert.strictEqual(parseJson(long), JSON.parse(long))
    const deep = `${"[".repeat(5000)}12345678901234567890${"]".repeat(5000)}`
    assert.strictEqual(refusal(deep).length, 1)
  })
})
