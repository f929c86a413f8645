import { randomBytes } from "node:crypto"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { headOf, hint, issue, isWellFormed, looksLikeAnotherVendor } from "../../src/domain/KeyToken.js"
import { heads, keyOf, keys, secrets, withChecksum } from "./keys.js"

const secret = "AbCd0123456789abcdefghijklmnopqrstuvwxyzABC"
const heard = (...heads: ReadonlyArray<string>) => new Set(heads)

describe("a new key", () => {
  it("is its head, _, 43 characters of base62 and their checksum", () => {
    FastCheck.assert(
      FastCheck.property(heads, (head) => {
        const key = issue(head, randomBytes)
        expect(key.slice(0, head.length + 1)).toBe(`${head}_`)
        expect(key.slice(head.length + 1)).toMatch(/^[0-9A-Za-z]{49}$/)
        expect(key).toBe(keyOf(head, key.slice(head.length + 1, -6)))
        expect(isWellFormed(key, heard(head))).toBe(true)
      })
    )
  })

  it("differs from every other", () => {
    expect(new Set(Array.from({ length: 1000 }, () => issue("sk", randomBytes))).size).toBe(1000)
  })

  it("has a head of the prefix, and of the environment where there is one", () => {
    expect(headOf("sk", null)).toBe("sk")
    expect(headOf("my_app", "live")).toBe("my_app_live")
  })
})

describe("the form of a key", () => {
  it("is told by length, alphabet, head and checksum alone", () => {
    expect(isWellFormed(`sk_${"0".repeat(43)}4LPos6`, heard("sk"))).toBe(true)
    expect(isWellFormed(`sk_${"0".repeat(43)}4LPos7`, heard("sk"))).toBe(false)
    FastCheck.assert(FastCheck.property(keys, ({ head, key }) => isWellFormed(key, heard(head))))
  })

  it("splits at the last _, so that a prefix may hold some", () => {
    const key = keyOf("my__own_app_live", secret)
    expect(isWellFormed(key, heard("my__own_app_live"))).toBe(true)
    for (const head of ["my", "my_", "my__own", "my__own_app"]) expect(isWellFormed(key, heard(head))).toBe(false)
  })

  it("refuses another head, and another environment under the same prefix", () => {
    expect(isWellFormed(keyOf("myapp_live", secret), heard("myapp_test"))).toBe(false)
    expect(isWellFormed(keyOf("myapp_live", secret), heard("myapp"))).toBe(false)
    expect(isWellFormed(keyOf("myapp", secret), heard("myapp_live"))).toBe(false)
    expect(isWellFormed(keyOf("app", secret), heard("myapp"))).toBe(false)
    expect(isWellFormed(keyOf("MYAPP", secret), heard("myapp"))).toBe(false)
    expect(isWellFormed(keyOf("", secret), heard("sk"))).toBe(false)
  })

  it("has nothing but _ between head and secret, though the checksum is right", () => {
    for (const separator of ["-", ".", "a", "0"]) {
      expect(isWellFormed(withChecksum(`sk${separator}${secret}`), heard("sk"))).toBe(false)
    }
    expect(isWellFormed(withChecksum(`sk_${secret}`), heard("sk"))).toBe(true)
  })

  it("takes every head that is accepted, and no other", () => {
    const accepted = heard("new_live", "old_live")
    expect(isWellFormed(keyOf("new_live", secret), accepted)).toBe(true)
    expect(isWellFormed(keyOf("old_live", secret), accepted)).toBe(true)
    expect(isWellFormed(keyOf("older_live", secret), accepted)).toBe(false)
  })

  it("refuses a secret that is shorter or longer, though its checksum is right", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.nat(100), (length) => {
        FastCheck.pre(length !== 43)
        return !isWellFormed(keyOf("sk", "a".repeat(length)), heard("sk"))
      })
    )
  })

  it("refuses characters outside the alphabet, though the checksum is right", () => {
    for (const stranger of ["-", "+", "/", "=", ".", " ", "\n", "\0", "é", "_"]) {
      for (const place of [0, 21, 42]) {
        const strange = secret.slice(0, place) + stranger + secret.slice(place + 1)
        expect(isWellFormed(keyOf("sk", strange), heard("sk", `sk_${strange.slice(0, place)}`)), stranger).toBe(false)
      }
    }
  })

  it("refuses whatever stands around a key", () => {
    const key = keyOf("sk", secret)
    for (const text of [` ${key}`, `${key} `, `${key}\n`, `Bearer ${key}`, `${key}${key}`, key.slice(1), ""]) {
      expect(isWellFormed(text, heard("sk"))).toBe(false)
    }
  })

  it("refuses anything over 512 bytes before it looks at it", () => {
    const fits = keyOf("h".repeat(462), secret)
    const tooLong = keyOf("h".repeat(463), secret)
    expect([fits.length, tooLong.length]).toEqual([512, 513])
    expect(isWellFormed(fits, heard("h".repeat(462)))).toBe(true)
    expect(isWellFormed(tooLong, heard("h".repeat(463)))).toBe(false)
  })
})

describe("the hint", () => {
  it("is the head and four characters of the secret", () => {
    expect(hint(keyOf("sk_live", secret))).toBe("sk_live_AbCd…")
    FastCheck.assert(
      FastCheck.property(heads, secrets, (head, drawn) => hint(keyOf(head, drawn)) === `${head}_${drawn.slice(0, 4)}…`)
    )
  })
})

describe("another vendor's heads", () => {
  it("are those that secret scanners claim", () => {
    for (const head of ["sk_live", "sk_test", "pk_live", "pk_test", "rk_live", "rk_test"]) {
      expect(looksLikeAnotherVendor(head), head).toBe(true)
    }
    for (const head of ["sk", "myapp_live", "sk_dev", "my_sk_live", "sk_live_x"]) {
      expect(looksLikeAnotherVendor(head), head).toBe(false)
    }
  })
})
