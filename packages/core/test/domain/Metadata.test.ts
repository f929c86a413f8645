import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { emptyMetadata, type Json, Metadata } from "../../src/domain/Metadata.js"
import { accepted, decode, refusals } from "./decoding.js"

const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) })
const nestedArrays = (depth: number): unknown => (depth === 1 ? [] : [nestedArrays(depth - 1)])

/** `{"a":"…"}` of so many bytes in UTF-8. */
const ofBytes = (bytes: number, letter: string) => {
  const [room, size] = [bytes - '{"a":""}'.length, Buffer.byteLength(letter)]
  return { a: letter.repeat(Math.floor(room / size)) + "y".repeat(room % size) }
}

const jsonObjects = FastCheck.dictionary(
  FastCheck.string({ unit: "grapheme", maxLength: 10 }),
  FastCheck.jsonValue({ stringUnit: "grapheme", maxDepth: 5 })
).map((value) => JSON.parse(JSON.stringify(value)) as Record<string, Json>)

const isPlain = (value: unknown): boolean =>
  typeof value !== "object" ||
  value === null ||
  (Object.isFrozen(value) &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)) &&
    Object.values(value).every(isPlain))

describe("metadata", () => {
  it("is any JSON object, and equals it by value", () => {
    FastCheck.assert(
      FastCheck.property(jsonObjects, (value) => {
        FastCheck.pre(!/\\u0000|"(__proto__|constructor|prototype)":/.test(JSON.stringify(value)))
        expect(accepted(Metadata, value)).toEqual(value)
      }),
      { numRuns: 500 }
    )
  })

  it("is what JSON makes of it, where it is accepted at all", () => {
    const anything = FastCheck.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true
    })
    let taken = 0
    FastCheck.assert(
      FastCheck.property(FastCheck.dictionary(FastCheck.string(), anything), (value) => {
        const result = decode(Metadata, value)
        if (result._tag === "Left") return
        taken++
        expect(result.right).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 1000 }
    )
    expect(taken).toBeGreaterThan(50)
  })

  it("is told apart by value: -0 is 0, as JSON has it", () => {
    expect(Object.is(accepted(Metadata, { a: -0 }).a, 0)).toBe(true)
  })

  it("may be empty", () => {
    expect(accepted(Metadata, {})).toEqual({})
    expect(emptyMetadata).toEqual({})
    expect(Object.isFrozen(emptyMetadata)).toBe(true)
  })

  it("is a copy, frozen to its depth: no change by the caller reaches it", () => {
    const given = { list: [{ a: 1 }], text: "x" }
    const metadata = accepted(Metadata, given)
    given.text = "changed"
    given.list.push({ a: 2 })
    Object.assign(given.list[0] as object, { a: 3 })
    expect(metadata).toEqual({ list: [{ a: 1 }], text: "x" })
    FastCheck.assert(
      FastCheck.property(jsonObjects, (value) => {
        const result = decode(Metadata, value)
        if (result._tag === "Right") expect(isPlain(result.right)).toBe(true)
      })
    )
  })

  it("takes objects without a prototype", () => {
    const bare = Object.assign(Object.create(null), { a: 1, b: Object.create(null) })
    expect(accepted(Metadata, bare)).toEqual({ a: 1, b: {} })
  })

  it("takes at most 16 KiB of UTF-8, to the byte", () => {
    for (const letter of ["x", "é", "語", "😀"]) {
      expect(Buffer.byteLength(JSON.stringify(ofBytes(16_384, letter)))).toBe(16_384)
      expect(accepted(Metadata, ofBytes(16_384, letter))).toEqual(ofBytes(16_384, letter))
      expect(refusals(Metadata, ofBytes(16_385, letter)), letter).toEqual(["is over 16 KiB"])
    }
  })

  it("counts what JSON adds: quotes, commas, escapes and names", () => {
    const quotes = { a: '"'.repeat((16_384 - 8) / 2) }
    expect(Buffer.byteLength(JSON.stringify(quotes))).toBe(16_384)
    expect(accepted(Metadata, quotes)).toEqual(quotes)
    expect(refusals(Metadata, { a: `${quotes.a}"` })).toEqual(["is over 16 KiB"])
    // Ten digits and a comma each, but for the last.
    const numbers = { a: "x".repeat(16_384), b: Array.from({ length: 1022 }, () => 1_234_567_890) }
    numbers.a = numbers.a.slice(Buffer.byteLength(JSON.stringify(numbers)) - 16_384)
    expect(Buffer.byteLength(JSON.stringify(numbers))).toBe(16_384)
    expect(accepted(Metadata, numbers)).toEqual(numbers)
    expect(refusals(Metadata, { ...numbers, a: `${numbers.a}x` })).toEqual(["is over 16 KiB"])
    expect(refusals(Metadata, { ["n".repeat(16_384)]: 1 })).toEqual(["is over 16 KiB"])
  })

  it("holds at most 1,024 values, whatever they are and wherever", () => {
    const most = (value: Json): Metadata => ({ list: Array.from({ length: 1023 }, () => value) })
    for (const value of [{}, [], null, true, 1, ""]) {
      expect(accepted(Metadata, most(value))).toEqual(most(value))
      expect(refusals(Metadata, { ...most(value), one: 1 })).toEqual(["holds over 1,024 values"])
    }
    const members = Object.fromEntries(Array.from({ length: 1024 }, (_, i) => [`m${i}`, i]))
    expect(accepted(Metadata, members)).toEqual(members)
    expect(refusals(Metadata, { ...members, one: [] })).toEqual(["holds over 1,024 values"])
    const pairs = { list: Array.from({ length: 341 }, () => [{ a: 1 }]) }
    expect(accepted(Metadata, pairs)).toEqual(pairs)
    expect(refusals(Metadata, { list: [...pairs.list, []] })).toEqual(["holds over 1,024 values"])
  })

  it("is nested at most 16 deep, objects and lists alike", () => {
    expect(accepted(Metadata, nested(16))).toEqual(nested(16))
    expect(refusals(Metadata, nested(17))).toEqual(["is nested deeper than 16"])
    expect(accepted(Metadata, { a: nestedArrays(15) })).toEqual({ a: nestedArrays(15) })
    expect(refusals(Metadata, { a: nestedArrays(16) })).toEqual(["is nested deeper than 16"])
    expect(refusals(Metadata, { a: nestedArrays(5000) })).toEqual(["is nested deeper than 16"])
  })
})
