import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { makeForeignKeys, pythonKeys } from "../../src/domain/ForeignKeys.js"
import { keyOf } from "./keys.js"

const secret = "AbCd0123456789abcdefghijklmnopqrstuvwxyzABC"
const key = keyOf("myapp_live", secret)
const { redact } = makeForeignKeys([], undefined, ["myapp_live", "old"])

const leaks = (text: string, of: string): boolean => {
  for (let i = 0; i + 5 <= of.length; i++) if (text.includes(of.slice(i, i + 5))) return true
  return false
}

describe("a key that was cut", () => {
  it("is masked from 16 characters after a known head on", () => {
    for (let left = 16; left <= 49; left++) {
      const cut = key.slice(0, "myapp_live_".length + left)
      expect(redact(`key=${cut}…`), `${left}`).toBe("key=myapp_live_AbCd……")
      expect(redact(cut)).toBe("myapp_live_AbCd…")
    }
    const short = key.slice(0, "myapp_live_".length + 15)
    expect(redact(short)).toBe(short)
    expect(redact(`old_${secret.slice(0, 20)}`)).toBe("old_AbCd…")
  })

  it("hides behind no head that stands before it", () => {
    for (const before of ["myapp_live_", "myapp_live_x_", "old_", "old_old_", "a_", "_", "myapp_", "x"]) {
      for (const left of [16, 42, 49]) {
        const cut = `myapp_live_${key.slice("myapp_live_".length).slice(0, left)}`
        expect(leaks(redact(before + cut), secret.slice(4)), before).toBe(false)
        expect(leaks(redact(`${before + cut} ${cut}`), secret.slice(4)), before).toBe(false)
      }
    }
  })

  it("leaves other words alone", () => {
    const text = `myapp_live_settings myapp_live ${"f".repeat(40)} user_internationalization_of_something old_${"a".repeat(15)}`
    expect(redact(text)).toBe(text)
  })
})

describe("a key in an encoded text", () => {
  it.each(["%5F", "%5f", "%255F", "\\u005f", "\\u005F", "\\x5f"])("is masked where its _ is written %s", (sep) => {
    for (const body of [key.slice("myapp_live_".length), secret.slice(0, 16)]) {
      const masked = redact(`a myapp${sep}live${sep}${body} b`)
      expect(masked).toBe(`a myapp${sep}live${sep}AbCd… b`)
    }
    expect(redact(`x${sep}${secret}`)).toBe(`x${sep}AbCd…`)
  })

  it("is masked to its end where its body is encoded", () => {
    const python = makeForeignKeys([pythonKeys({ prefix: "sk", environment: "live" })])
    const body = "Ab-_0123456789_abcdef-ghijkl_mnop-qrstu_vwxy"
    for (const encode of [
      (text: string) => text,
      (text: string) => text.replaceAll("_", "%5F").replaceAll("-", "%2D"),
      (text: string) => text.replaceAll("_", "\\u005f").replaceAll("-", "\\u002d")
    ]) {
      const masked = python.redact(`a ${encode(`sk_live_${body}`)} b`)
      expect(leaks(masked, "0123456789"), masked).toBe(false)
      expect(leaks(masked, "qrstu"), masked).toBe(false)
      expect(masked).toMatch(/^a sk.+live.+… b$/)
    }
    const listed = makeForeignKeys([{ head: "a.b[", alphabet: { characters: "]^-\\x/" }, length: 16 }])
    expect(listed.redact(`a.b[${"]^-\\".repeat(4)} x`)).toBe("a.b[]^-\\… x")
    expect(listed.redact(`a%2Eb%5B${"%5D^-/".repeat(4)} x`)).toBe("a%2Eb%5B%5D^… x")
  })
})

describe("what redact takes", () => {
  const hex = makeForeignKeys([{ head: "", alphabet: "hex", length: 512 }])
  const letters = makeForeignKeys([{ head: "aa", alphabet: "base64url", length: 512 }], undefined, ["a", "aaaa", "a_a"])
  // Twice the text takes about twice the time: what is quadratic would take a minute for any of these.
  it.each([
    ["runs that are too short", hex, `${"a".repeat(511)} `.repeat(1000)],
    ["one enormous run", hex, "a".repeat(1_000_000)],
    ["heads alone", letters, "aa aaaa a_a_ ".repeat(60_000)],
    ["heads in each other", letters, "a_".repeat(500_000)],
    ["bodies that are too short", letters, "a_bbbbbbbbbbbbbbb ".repeat(50_000)],
    ["beginnings of what is encoded", letters, "a%2525252525".repeat(60_000)],
    ["backslashes", letters, `a${"\\".repeat(1_000_000)}u005f`]
  ])("grows with the text alone: %s", { timeout: 60_000 }, (_, { redact }, text) => {
    expect(redact(text).length).toBeLessThanOrEqual(text.length)
  })

  it("is forgotten", () => {
    redact(`a ${key} b`)
    hex.redact(`a ${key} b`)
    const remembered = Object.getOwnPropertyNames(RegExp).map((name) => String(Reflect.get(RegExp, name)))
    expect(remembered.filter((text) => leaks(text, secret))).toEqual([])
  })

  it("masks what is masked no further, and no text grows", () => {
    const noise = FastCheck.string({ unit: FastCheck.constantFrom(...'aZ09_-. /:="%5F\\u0', "old_"), maxLength: 120 })
    FastCheck.assert(FastCheck.property(noise, (text) => redact(redact(text)) === redact(text)))
  })
})
