import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { AcceptForeignKeysInput, makeForeignKeys, pythonKeys } from "../../src/domain/ForeignKeys.js"
import { issue } from "../../src/domain/KeyToken.js"

const body = "a_b-c".padEnd(43, "Z")
const own = (head: string) => issue(head, (size) => new Uint8Array(size))

describe("forms of foreign keys", () => {
  const python = makeForeignKeys([pythonKeys({ prefix: "sk", environment: "live" })])

  it("accept their head, alphabet and length to the letter, environment and all", () => {
    expect(python.accepts(`sk_live_${body}`)).toBe(true)
    for (const text of ["", body, `sk_${body}`, `sk_test_${body}`, `sk_live_${body}a`, `sk_live_${body.slice(1)}`]) {
      expect(python.accepts(text), text).toBe(false)
    }
    expect(python.accepts(`sk_live_${body.slice(1)}+`)).toBe(false)
    expect(python.accepts(`sk_live_${body}\n`)).toBe(false)
    expect(makeForeignKeys([pythonKeys({ prefix: "sk" })]).accepts(`sk_live_${body}`)).toBe(false)
  })

  it("take what is listed of an alphabet literally, and a head too", () => {
    const odd = makeForeignKeys([{ head: "a.b[", alphabet: { characters: "]^-\\x" }, length: 16 }])
    expect(odd.accepts(`a.b[${"]^-\\".repeat(4)}`)).toBe(true)
    expect(odd.accepts(`aXb[${"]^-\\".repeat(4)}`)).toBe(false)
    expect(odd.accepts(`a.b[${"a".repeat(16)}`)).toBe(false)
  })

  it("never accept a key of this library's own form: its environment decides", () => {
    const all = makeForeignKeys(() => true)
    expect(all.accepts("anything")).toBe(true)
    expect(all.accepts(own("myapp_test"))).toBe(false)
    expect(all.accepts(`${own("myapp_test")}x`)).toBe(true)
  })

  it("ask no predicate about what is too long, and take one that throws for a no", () => {
    const asked: Array<number> = []
    const watching = makeForeignKeys((text) => asked.push(text.length) > 0)
    expect(watching.accepts("x".repeat(512))).toBe(true)
    expect(watching.accepts("x".repeat(513))).toBe(false)
    expect(watching.accepts("é".repeat(257))).toBe(false)
    expect(watching.accepts("\ud800")).toBe(false)
    expect(asked).toEqual([512])
    const broken = makeForeignKeys(() => {
      throw new Error("broken")
    })
    expect(broken.accepts("x")).toBe(false)
  })

  it("take nothing for which a predicate gives no boolean, and report it once", async () => {
    for (const answer of [1, "yes", {}, undefined, Promise.resolve(true), Promise.reject(new Error("broken"))]) {
      const mistakes: Array<string> = []
      const foreign = makeForeignKeys((() => answer) as () => never, (mistake) => void mistakes.push(mistake))
      for (let i = 0; i < 3; i++) expect(foreign.accepts("x".repeat(32))).toBe(false)
      expect(mistakes).toEqual(["gave no boolean"])
    }
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("broken")
        }
      }
    )
    expect(makeForeignKeys((() => hostile) as () => never).accepts("x".repeat(32))).toBe(false)
    const mistakes: Array<string> = []
    const throwing = () => {
      throw new Error("broken")
    }
    const broken = makeForeignKeys(throwing, (mistake) => void mistakes.push(mistake))
    for (let i = 0; i < 3; i++) expect(broken.accepts("x")).toBe(false)
    expect(mistakes).toEqual(["threw"])
    // What is rejected would end the process by now.
    await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it("ask no predicate about nothing", () => {
    const asked: Array<string> = []
    const all = makeForeignKeys((text) => asked.push(text) > 0)
    expect(all.accepts("")).toBe(false)
    expect(asked).toEqual([])
  })

  it("mask foreign keys, mistyped ones too, and leave hints alone", () => {
    expect(python.redact(`a sk_live_${body} b`)).toBe("a sk_live_a_b-… b")
    expect(python.redact(`sk_live_${body}xyz`)).toBe("sk_live_a_b-…")
    expect(python.redact("sk_live_a_b-…")).toBe("sk_live_a_b-…")
    expect(python.redact(own("myapp"))).toBe("myapp_0000…".replace("0000", own("myapp").slice(6, 10)))
    expect(python.hint(`sk_live_${body}`)).toBe("sk_live_a_b-…")
    expect(python.patterns.map((source) => new RegExp(source).test(`x sk_live_${body} y`))).toEqual([true])
  })

  it("are refused where they break a rule", () => {
    const is = (value: unknown) => Schema.decodeUnknownEither(AcceptForeignKeysInput)(value)._tag === "Right"
    expect(is([{ head: "ghp_", alphabet: "base62", length: 36 }])).toBe(true)
    expect(is(() => true)).toBe(true)
    for (const wrong of [
      "x",
      {},
      [{ head: "é", alphabet: "hex", length: 32 }],
      [{ head: "", alphabet: "base58", length: 32 }],
      [{ head: "", alphabet: { characters: "a" }, length: 32 }],
      [{ head: "", alphabet: "hex", length: 15 }],
      [{ head: "", alphabet: "hex", length: 513 }]
    ]) {
      expect(is(wrong), JSON.stringify(wrong)).toBe(false)
    }
    expect(() => pythonKeys({ prefix: "Bad" })).toThrow(TypeError)
    expect(() => pythonKeys({ prefix: "sk", environment: "a_b" })).toThrow(TypeError)
  })
})
