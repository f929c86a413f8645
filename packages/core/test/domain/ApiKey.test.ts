import { DateTime, FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { keyStatus } from "../../src/domain/ApiKey.js"

const at = (millis: number | null) => (millis === null ? null : DateTime.unsafeMake(millis))
const status = (expiresAt: number | null, revokedAt: number | null, now: number, disabledAt: number | null = null) =>
  keyStatus({ expiresAt: at(expiresAt), revokedAt: at(revokedAt), disabledAt: at(disabledAt) }, now)

describe("the status of a key", () => {
  it("is active without an expiry, for ever", () => {
    for (const now of [0, 1_700_000_000_000, 8.64e15]) expect(status(null, null, now)).toBe("active")
  })

  it("is expired from the very millisecond of its expiry on", () => {
    expect(status(1000, null, 998)).toBe("active")
    expect(status(1000, null, 999)).toBe("active")
    expect(status(1000, null, 1000)).toBe("expired")
    expect(status(1000, null, 1001)).toBe("expired")
    expect(status(0, null, 0)).toBe("expired")
  })

  it("is disabled while it is, unless it is over for good", () => {
    expect(status(null, null, 0, 1000)).toBe("disabled")
    expect(status(1000, null, 999, 0)).toBe("disabled")
    expect(status(1000, null, 1000, 0)).toBe("expired")
    expect(status(null, 500, 1000, 0)).toBe("revoked")
    expect(status(1000, 500, 2000, 0)).toBe("revoked")
  })

  it("is revoked where it was revoked, whatever the expiry and the time", () => {
    const time = FastCheck.integer({ min: 0, max: 4_000_000_000_000 })
    FastCheck.assert(
      FastCheck.property(FastCheck.option(time), time, time, (expiresAt, revokedAt, now) => {
        expect(status(expiresAt, revokedAt, now)).toBe("revoked")
      })
    )
    expect(status(1000, 500, 2000)).toBe("revoked")
    expect(status(1000, 0, 0)).toBe("revoked")
  })
})
