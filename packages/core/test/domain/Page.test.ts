import { Effect, FastCheck, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { InvalidInputError } from "../../src/domain/Errors.js"
import { decodePosition, encodePosition, type PagePosition, pageFields, pageOf } from "../../src/domain/Page.js"
import { accepted, refusals } from "./decoding.js"

const PageInput = Schema.Struct(pageFields)

const positions: FastCheck.Arbitrary<PagePosition> = FastCheck.record({
  createdAt: FastCheck.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59.999Z") }),
  id: FastCheck.uuid()
})

const filters = FastCheck.jsonValue({ maxDepth: 2, stringUnit: "binary" })

const read = (filter: unknown, cursor: string | null) => Effect.runSync(Effect.either(decodePosition(filter, cursor)))

const refusal = (filter: unknown, cursor: string) => {
  const result = read(filter, cursor)
  return result._tag === "Left" ? result.left.issues : null
}

const base64 = (text: string) => Buffer.from(text).toString("base64url")

describe("a cursor", () => {
  it("names the position that it was made of", () => {
    FastCheck.assert(
      FastCheck.property(filters, positions, (filter, position) => {
        const cursor = encodePosition(filter, position)
        expect(Effect.runSync(decodePosition(filter, cursor))).toEqual(position)
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,256}$/)
        expect(accepted(PageInput, { cursor }).cursor).toBe(cursor)
      })
    )
  })

  it("is bound to its filter", () => {
    FastCheck.assert(
      FastCheck.property(filters, filters, positions, (filter, other, position) => {
        FastCheck.pre(JSON.stringify(filter) !== JSON.stringify(other))
        expect(refusal(other, encodePosition(filter, position))).toEqual([
          { path: "cursor", rule: "is of another listing" }
        ])
      })
    )
    const position = { createdAt: 0, id: "0190163d-8694-739b-aea5-966c26f8ad91" }
    const cursor = encodePosition({ projectId: "a", status: "active" }, position)
    expect(refusal({ projectId: "b", status: "active" }, cursor)).not.toBeNull()
    expect(refusal({ projectId: "a", status: "all" }, cursor)).not.toBeNull()
    expect(refusal({ projectId: "a" }, cursor)).not.toBeNull()
  })

  it("may be absent: the first page", () => {
    expect(Effect.runSync(decodePosition({}, null))).toBeNull()
    expect(accepted(PageInput, {}).cursor).toBeNull()
    expect(accepted(PageInput, { cursor: null }).cursor).toBeNull()
    expect(accepted(PageInput, { cursor: undefined }).cursor).toBeNull()
  })

  it("gives an id in lower case, whatever it was handed", () => {
    const id = "0190163D-8694-739B-AEA5-966C26F8AD91"
    expect(Effect.runSync(decodePosition({}, encodePosition({}, { createdAt: 1, id })))?.id).toBe(id.toLowerCase())
  })

  it("that nobody made is refused, and nothing else happens", () => {
    const position = { createdAt: 1, id: "0190163d-8694-739b-aea5-966c26f8ad91" }
    const [bound] = JSON.parse(Buffer.from(encodePosition({}, position), "base64url").toString()) as [number]
    const forged: ReadonlyArray<unknown> = [
      [],
      {},
      null,
      7,
      "x",
      [bound],
      [bound, 1],
      [bound, 1, "x"],
      [bound, 1, "x' or 1=1 --"],
      [bound, -1, position.id],
      [bound, 1.5, position.id],
      [bound, "1", position.id],
      [bound, 8.64e15, position.id],
      [bound, null, position.id],
      [bound, 1, position.id, 1],
      [-1, 1, position.id],
      [2 ** 32, 1, position.id],
      [String(bound), 1, position.id],
      { 0: bound, 1: 1, 2: position.id, length: 3 }
    ]
    for (const value of forged) {
      expect(refusal({}, base64(JSON.stringify(value))), JSON.stringify(value)).toEqual([
        { path: "cursor", rule: "is not a cursor" }
      ])
    }
    for (const text of ["", " ", "=", "%%%", "a", "[", base64("{"), base64("\ud800"), "\0", "é", "x".repeat(100_000)]) {
      expect(refusal({}, text)).toEqual([{ path: "cursor", rule: "is not a cursor" }])
    }
  })

  it("that is arbitrary gives InvalidInputError at most, and never repeats the text", () => {
    const hostile = FastCheck.oneof(
      FastCheck.string({ unit: "binary" }),
      FastCheck.base64String(),
      FastCheck.json().map(base64),
      FastCheck.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url"))
    )
    FastCheck.assert(
      FastCheck.property(hostile, (text) => {
        const result = read({}, text)
        expect(result._tag).toBe("Left")
        if (result._tag === "Left") expect(result.left).toBeInstanceOf(InvalidInputError)
        expect(refusal({}, text)).toEqual([{ path: "cursor", rule: "is not a cursor" }])
      }),
      { numRuns: 1000 }
    )
  })

  it("that was tampered with names no position that its maker could not have asked for", () => {
    FastCheck.assert(
      FastCheck.property(positions, FastCheck.nat(), FastCheck.constantFrom(..."Aaz09_-!"), (position, at, letter) => {
        const cursor = encodePosition({}, position)
        const place = at % cursor.length
        const result = read({}, cursor.slice(0, place) + letter + cursor.slice(place + 1))
        if (result._tag === "Left") return
        expect(result.right?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        expect(Number.isSafeInteger(result.right?.createdAt)).toBe(true)
      })
    )
  })

  it("from a caller is bounded text", () => {
    expect(accepted(PageInput, { cursor: "x".repeat(256) }).cursor).toHaveLength(256)
    for (const cursor of ["", "x".repeat(257)]) {
      expect(refusals(PageInput, { cursor })).toEqual(["cursor is not a cursor"])
    }
    expect(refusals(PageInput, { cursor: 7 })).toEqual(["cursor is not a string"])
  })
})

describe("the limit of a page", () => {
  it("is 50 where none is given, and 1 to 1000", () => {
    expect(accepted(PageInput, {}).limit).toBe(50)
    for (const limit of [1, 50, 1000]) expect(accepted(PageInput, { limit }).limit).toBe(limit)
    for (const limit of [0, -1, 1001, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusals(PageInput, { limit })).toEqual(["limit is not a whole number from 1 to 1000"])
    }
    for (const limit of ["50", null]) expect(refusals(PageInput, { limit })).toEqual(["limit is not a number"])
  })
})

describe("a page", () => {
  const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`
  const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ createdAt: 1000 - n, id: id(n) }))
  const page = (count: number, limit: number) => pageOf(rows(count), limit, { a: 1 }, (row) => row)

  it("holds as many rows as its limit, and goes on below the last of them", () => {
    const { items, nextCursor } = page(4, 3)
    expect(items).toEqual(rows(3))
    expect(Effect.runSync(decodePosition({ a: 1 }, nextCursor))).toEqual({ createdAt: 998, id: id(2) })
  })

  it("is the last one where no row is left", () => {
    for (const count of [0, 1, 3]) expect(page(count, 3)).toEqual({ items: rows(count), nextCursor: null })
  })
})
