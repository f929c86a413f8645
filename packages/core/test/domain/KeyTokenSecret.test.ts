import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { issue } from "../../src/domain/KeyToken.js"
import { base62, bytesOf } from "./keys.js"

const drawn = (random: (size: number) => Uint8Array): string => issue("sk", random).slice("sk_".length, -6)

/** Gives one byte once, and then another for ever. */
const oneThen = (byte: number, filler: number) => {
  let given = false
  return (size: number) => {
    const bytes = new Uint8Array(size).fill(filler)
    if (!given) bytes[0] = byte
    given = true
    return bytes
  }
}

const chiSquared = (counts: ReadonlyArray<number>): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** With 61 degrees of freedom, a uniform source exceeds this less than twice in 10^7 runs. */
const critical = 135

describe("a secret", () => {
  it("takes each character from exactly four bytes, all below 248", () => {
    const bytesFor = new Map<string, number>()
    for (let byte = 0; byte < 248; byte++) {
      const secret = drawn(oneThen(byte, 61))
      expect(secret, `byte ${byte}`).toBe(base62.charAt(byte % 62) + "z".repeat(42))
      bytesFor.set(secret.charAt(0), (bytesFor.get(secret.charAt(0)) ?? 0) + 1)
    }
    expect([...bytesFor.values()]).toEqual(Array.from({ length: 62 }, () => 4))
  })

  it("throws the bytes from 248 up away, which would favour the first eight characters", () => {
    for (let byte = 248; byte < 256; byte++) expect(drawn(oneThen(byte, 61)), `byte ${byte}`).toBe("z".repeat(43))
  })

  it("asks for more bytes where too many were thrown away", () => {
    expect(drawn(bytesOf(...Array.from({ length: 500 }, () => 255), 10))).toBe("A".repeat(43))
  })

  it("takes every byte once", () => {
    const counting = bytesOf(...Array.from({ length: 248 }, (_, i) => i))
    expect(drawn(counting)).toBe(base62.slice(0, 43))
  })

  it("is uniform base62 (chi-squared over 215000 characters)", () => {
    const counts = new Map([...base62].map((character) => [character, 0]))
    for (let i = 0; i < 5000; i++) {
      for (const character of drawn(randomBytes)) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect(counts.size).toBe(62)
    expect(chiSquared([...counts.values()])).toBeLessThan(critical)
  })

  it("is uniform at its first and at its last place too (chi-squared over 20000 keys)", () => {
    const secrets = Array.from({ length: 20_000 }, () => drawn(randomBytes))
    for (const place of [0, 42]) {
      const counts = [...base62].map((character) => secrets.filter((secret) => secret[place] === character).length)
      expect(chiSquared(counts)).toBeLessThan(critical)
    }
  })
})
