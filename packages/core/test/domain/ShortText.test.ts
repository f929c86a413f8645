import { FastCheck, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { OrganizationName } from "../../src/domain/Organization.js"
import { ProductName } from "../../src/domain/Product.js"
import { ProjectName } from "../../src/domain/Project.js"
import { isStorable, ShortText } from "../../src/domain/Rule.js"
import { accepted, refusals } from "./decoding.js"

describe("text for people", () => {
  it("is trimmed of every kind of space, and of nothing inside", () => {
    expect(accepted(ShortText, " \t\r\n\u00a0\u2003\ufeffAcme  Inc\u3000 ")).toBe("Acme  Inc")
  })

  it("is otherwise kept as it was written: case, accents and forms of Unicode count", () => {
    for (const text of ["ACME", "acme", "Ácme", "A\u0301cme", "Straße", "日本", "👩‍👩‍👧"]) {
      expect(accepted(ShortText, text)).toBe(text)
    }
  })

  it("is 1 to 255 code points after trimming, whatever their size in UTF-16 or UTF-8", () => {
    for (const letter of ["a", "é", "語", "😀"]) {
      expect(accepted(ShortText, letter.repeat(255))).toBe(letter.repeat(255))
      expect(accepted(ShortText, `  ${letter.repeat(255)}  `)).toBe(letter.repeat(255))
      expect(refusals(ShortText, letter.repeat(256)), letter).toEqual(["is over 255 characters"])
    }
    expect(accepted(ShortText, "a")).toBe("a")
  })

  it("is not blank", () => {
    for (const text of ["", " ", "\t\n", "\u00a0\u2003\u3000", "\ufeff"])
      expect(refusals(ShortText, text)).toEqual(["is blank"])
  })

  it("holds no NUL and no lone surrogate, which some databases cannot store", () => {
    for (const text of ["\0", "a\0b", "a\ud800", "\udc00a", "\udc00\ud800", "😀\ud83d", "a\udfffb"]) {
      expect(refusals(ShortText, text)).toEqual(["holds NUL or a lone surrogate"])
    }
    expect(accepted(ShortText, "a😀\uffff")).toBe("a😀\uffff")
  })

  it("holds nothing that a log or a terminal obeys: line breaks, escape sequences, changes of direction", () => {
    const codes = [
      ...Array.from({ length: 31 }, (_, i) => i + 1),
      ...Array.from({ length: 33 }, (_, i) => 0x7f + i),
      ...[0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
      ...[0x2066, 0x2067, 0x2068, 0x2069]
    ]
    for (const code of codes) {
      const text = `Acme${String.fromCharCode(code)}Inc`
      expect(refusals(ShortText, text), code.toString(16)).toEqual([
        "holds a control character or one that changes the direction of text"
      ])
    }
    // Of those that join emoji or letters a name may have some.
    for (const text of ["👩\u200d👩", "می\u200cخواهم", "שלום", "a\u00a0b"]) expect(accepted(ShortText, text)).toBe(text)
  })

  it("is of a type that takes what was stored before", () => {
    expect(Schema.is(Schema.typeSchema(OrganizationName))("Acme\u001b[31m\u202e")).toBe(true)
  })

  it("is a string", () => {
    for (const value of [1, null, undefined, {}, ["a"], true])
      expect(refusals(ShortText, value)).toEqual(["is not a string"])
  })

  it("is refused unread where it is enormous, though most of it were space", () => {
    expect(accepted(ShortText, `a${" ".repeat(4095)}`)).toBe("a")
    expect(refusals(ShortText, `a${" ".repeat(4096)}`)).toEqual(["is over 255 characters"])
    expect(refusals(ShortText, "\0".repeat(1_000_000))).toEqual(["is over 255 characters"])
  })

  it("never grows, and decodes to itself once decoded", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary", maxLength: 300 }), (text) => {
        if (refusals(ShortText, text).length > 0) return
        const once = accepted(ShortText, text)
        expect(once).toBe(text.trim())
        expect(accepted(ShortText, once)).toBe(once)
      })
    )
  })

  it("is the rule of every name", () => {
    for (const Name of [OrganizationName, ProjectName, ProductName]) {
      expect(accepted(Name, " Acme ")).toBe("Acme")
      expect(refusals(Name, "  ")).toEqual(["is blank"])
      expect(refusals(Name, "a".repeat(256))).toEqual(["is over 255 characters"])
    }
  })
})

describe("storable text", () => {
  it("is what survives UTF-8 and holds no NUL", () => {
    const units = FastCheck.constantFrom("a", "\0", "\ud83d", "\ude00", "é", "\ue000", "\ud7ff")
    FastCheck.assert(
      FastCheck.property(FastCheck.array(units, { maxLength: 6 }), (all) => {
        const text = all.join("")
        expect(isStorable(text)).toBe(Buffer.from(text).toString() === text && !text.includes("\0"))
      }),
      { numRuns: 1000 }
    )
  })
})
