import { DateTime, FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { isSecretValid, overlapEnd, supersededUntil } from "../../src/domain/Rotation.js"

const at = (millis: number) => DateTime.unsafeMake(millis)
const orNull = (millis: number | null) => (millis === null ? null : at(millis))
const time = FastCheck.integer({ min: 0, max: 4_000_000_000_000 })
const expiry = FastCheck.option(time)

describe("the overlap of a rotation", () => {
  it("ends after its length, and never after the key", () => {
    FastCheck.assert(
      FastCheck.property(expiry, time, time, (expiresAt, rotatedAt, overlap) => {
        const end = overlapEnd({ expiresAt: orNull(expiresAt) }, at(rotatedAt), overlap).epochMillis
        expect(end).toBe(Math.min(rotatedAt + overlap, expiresAt ?? Number.POSITIVE_INFINITY))
      })
    )
  })

  it("is over at the very millisecond of its end", () => {
    expect(isSecretValid({ validUntil: at(1000) }, 999)).toBe(true)
    expect(isSecretValid({ validUntil: at(1000) }, 1000)).toBe(false)
    expect(isSecretValid({ validUntil: null }, 8.64e15)).toBe(true)
  })

  it("is told with what the key has left by now", () => {
    FastCheck.assert(
      FastCheck.property(expiry, time, (expiresAt, validUntil) => {
        const until = supersededUntil(
          { expiresAt: orNull(expiresAt) },
          { supersededAt: at(0), validUntil: at(validUntil) }
        )
        expect(until?.epochMillis).toBe(Math.min(validUntil, expiresAt ?? Number.POSITIVE_INFINITY))
      })
    )
    expect(supersededUntil({ expiresAt: at(1) }, { supersededAt: null, validUntil: null })).toBeNull()
  })
})
