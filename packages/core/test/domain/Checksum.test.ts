import { crc32 as zlibCrc32 } from "node:zlib"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { checksum, crc32 } from "../../src/domain/Checksum.js"
import { base62 } from "./keys.js"

const ascii = FastCheck.array(FastCheck.integer({ min: 0, max: 127 }), { maxLength: 600 }).map((codes) =>
  String.fromCharCode(...codes)
)

const valueOf = (digits: string): number => [...digits].reduce((value, digit) => value * 62 + base62.indexOf(digit), 0)

describe("crc32", () => {
  it("has the check value of the IEEE polynomial", () => {
    expect(crc32("123456789")).toBe(0xcbf43926)
    expect(crc32("")).toBe(0)
  })

  it("is what zlib computes of any ASCII text", () => {
    FastCheck.assert(
      FastCheck.property(ascii, (text) => crc32(text) === zlibCrc32(text)),
      { numRuns: 1000 }
    )
  })
})

describe("checksum", () => {
  it("of sk_ and 43 zeros is 4LPos6", () => {
    expect(checksum(`sk_${"0".repeat(43)}`)).toBe("4LPos6")
  })

  it("of nothing is six zeros: it is padded", () => {
    expect(checksum("")).toBe("000000")
  })

  it("reads back as the CRC-32 in the digits 0-9A-Za-z, most significant first, always six of them", () => {
    FastCheck.assert(
      FastCheck.property(ascii, (text) => {
        const digits = checksum(text)
        expect(digits).toMatch(/^[0-9A-Za-z]{6}$/)
        expect(valueOf(digits)).toBe(zlibCrc32(text))
      })
    )
  })
})
