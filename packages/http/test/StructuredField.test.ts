import { FastCheck as fc } from "effect"
import { parseDictionary, parseList } from "structured-headers"
import { assert, describe, it } from "vitest"
import { type StructuredItem, serializeDictionary, serializeList } from "../src/index.js"

const bare = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })
)
const items: fc.Arbitrary<ReadonlyArray<StructuredItem>> = fc.array(
  fc.record({
    value: bare,
    parameters: fc.uniqueArray(fc.tuple(fc.constantFrom("q", "w", "r", "t"), bare), { selector: ([name]) => name })
  }),
  { minLength: 1 }
)

describe("structured fields", () => {
  it("are read back by a parser of RFC 9651", () => {
    fc.assert(
      fc.property(items, (list) => {
        const read = parseList(serializeList(list)).map(([value, parameters]) => ({
          value,
          parameters: [...parameters]
        }))
        // A parser has no minus zero.
        assert.deepStrictEqual(
          read,
          list.map(({ parameters, value }) => ({ value, parameters: parameters.map(([n, v]) => [n, v]) })) as never
        )
      })
    )
  })

  it("have dictionaries", () => {
    const read = parseDictionary(
      serializeDictionary([
        ["limit", 100],
        ["remaining", 12],
        ["reset", 0]
      ])
    )
    assert.deepStrictEqual(
      [...read].map(([name, [value]]) => [name, value]),
      [
        ["limit", 100],
        ["remaining", 12],
        ["reset", 0]
      ]
    )
  })

  it("have dates in dictionaries, in whole seconds", () => {
    const text = serializeDictionary([["until", new Date("2025-06-15T12:00:16.999Z")]])
    assert.strictEqual(text, "until=@1749988816")
    const [value] = parseDictionary(text).get("until") ?? []
    assert.deepStrictEqual(value, new Date("2025-06-15T12:00:16.000Z"))
    assert.throws(() => serializeDictionary([["until", new Date(Number.NaN)]]), RangeError)
  })

  it("escape quotes and backslashes", () => {
    assert.strictEqual(serializeList([{ value: 'a"b\\c', parameters: [] }]), '"a\\"b\\\\c"')
  })

  it.each(["ü", "a\nb", "\u0000", "\u007f", "😀"])("have no form for the string %j", (value) => {
    assert.throws(() => serializeList([{ value, parameters: [] }]), RangeError)
  })

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15, -1e15])("have no form for the integer %d", (value) => {
    assert.throws(() => serializeDictionary([["limit", value]]), RangeError)
  })
})
