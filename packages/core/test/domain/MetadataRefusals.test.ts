import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { Metadata } from "../../src/domain/Metadata.js"
import { accepted, refusals } from "./decoding.js"

const noForm = "holds a value that JSON has no form for"
const forbidden = "holds a member named __proto__, constructor or prototype"
const unstorable = "holds NUL or a lone surrogate"

/** A value wherever one can stand. */
const everywhere = (value: unknown): ReadonlyArray<unknown> => [
  { a: value },
  { a: 1, b: { c: value } },
  { a: [value] },
  { a: [1, [{ b: [value] }]] }
]

class Point {
  x = 1
}

const cyclic = (): object => {
  const value: Record<string, unknown> = { a: 1 }
  value.self = value
  return value
}

const endless: object = new Proxy(
  {},
  {
    ownKeys: () => ["a", "b"],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: () => endless
  }
)

describe("metadata", () => {
  it("is an object", () => {
    for (const value of [null, undefined, [], [1], "{}", 1, true, 1n, () => 1, Symbol("a")]) {
      expect(refusals(Metadata, value)).toEqual(["is not a JSON object"])
    }
  })

  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["a bigint", 1n],
    ["a Date", new Date(0)],
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set([1])],
    ["a regular expression", /a/],
    ["an Error", new Error("a")],
    ["a Promise", Promise.resolve(1)],
    ["a typed array", new Uint8Array(2)],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a boxed string", new String("a")],
    ["a boxed number", new Number(1)],
    ["an instance of a class", new Point()],
    ["an object that inherits", Object.create({ a: 1 })],
    ["a hole in a list", Object.assign([1], { length: 2 })],
    ["an enormous hole", new Array(2 ** 32 - 1)],
    ["a toJSON function", { toJSON: () => "a" }]
  ])("holds no %s", (_, value) => {
    for (const metadata of everywhere(value)) expect(refusals(Metadata, metadata)).toEqual([noForm])
  })

  it("is no instance of a class itself, and is not asked for its toJSON", () => {
    for (const value of [new Point(), new Map(), new Date(0), new String("a"), Object.create({ toJSON: () => ({}) })]) {
      expect(refusals(Metadata, value)).toEqual([noForm])
    }
    expect(refusals(Metadata, { toJSON: () => ({}) })).toEqual([noForm])
  })

  it("holds finite numbers alone", () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const metadata of everywhere(number)) {
        expect(refusals(Metadata, metadata)).toEqual(["holds a number that is not finite"])
      }
    }
    const finite = { a: [Number.MAX_VALUE, Number.MIN_VALUE, -1.5e-300, 2 ** 53] }
    expect(accepted(Metadata, finite)).toEqual(finite)
  })

  it("holds no NUL and no lone surrogate, in values as in names", () => {
    for (const text of ["\0", "a\0b", "\ud800", "a\udc00", "\udc00\ud800"]) {
      for (const metadata of everywhere(text)) expect(refusals(Metadata, metadata)).toEqual([unstorable])
      for (const metadata of everywhere({ [text]: 1 })) expect(refusals(Metadata, metadata)).toEqual([unstorable])
      expect(refusals(Metadata, { [text]: 1 })).toEqual([unstorable])
    }
    expect(accepted(Metadata, { "😀": "😀\u0001" })).toEqual({ "😀": "😀\u0001" })
  })

  it("has no member by which a careless reader reaches a prototype, at any depth", () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const parsed = JSON.parse(`{"${name}":{"isAdmin":true}}`)
      expect(refusals(Metadata, parsed), name).toEqual([forbidden])
      for (const metadata of everywhere(parsed)) expect(refusals(Metadata, metadata), name).toEqual([forbidden])
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    const alike = { _proto_: 1, Constructor: 1, toString: 1, valueOf: 1, hasOwnProperty: 1, length: 1 }
    expect(accepted(Metadata, alike)).toEqual(alike)
  })

  it("is finite: no cycle, nothing endless", () => {
    expect(refusals(Metadata, cyclic())).toEqual(["is nested deeper than 16"])
    const list: Array<unknown> = []
    list.push(list)
    expect(refusals(Metadata, { list })).toEqual(["is nested deeper than 16"])
    expect(refusals(Metadata, endless)).toEqual(["is nested deeper than 16"])
  })

  it("is walked no further than its bound, though a proxy claim a billion items", () => {
    let reads = 0
    const claims = new Proxy([] as Array<number>, {
      get: (target, member) => {
        if (member === "length") return 1_000_000_000
        reads++
        return typeof member === "string" ? 1 : Reflect.get(target, member)
      }
    })
    expect(refusals(Metadata, { claims })).toEqual(["holds over 1,024 values"])
    expect(reads).toBeLessThanOrEqual(1024)
  })

  it("is refused where reading it throws, and what was thrown is not repeated", () => {
    const thrower = () => {
      throw new Error("secret")
    }
    const getter = Object.defineProperty({}, "a", { enumerable: true, get: thrower })
    const proxies = [new Proxy({}, { ownKeys: thrower }), new Proxy({}, { getPrototypeOf: thrower })]
    const { proxy: revoked, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const hostile of [getter, revoked, ...proxies]) {
      expect(refusals(Metadata, hostile)).toEqual(["cannot be read"])
      expect(refusals(Metadata, { a: hostile })).toEqual(["cannot be read"])
    }
  })

  it("reads every member once, so that none can change after it was checked", () => {
    let reads = 0
    const changing = Object.defineProperty({}, "a", { enumerable: true, get: () => (reads++ === 0 ? "good" : "\0") })
    expect(accepted(Metadata, changing)).toEqual({ a: "good" })
    expect(reads).toBe(1)
  })

  it("may come from another realm", () => {
    expect(accepted(Metadata, runInNewContext("({ a: [1, { b: null }] })"))).toEqual({ a: [1, { b: null }] })
    expect(refusals(Metadata, runInNewContext("({ a: new Date(0) })"))).toEqual([noForm])
  })
})
