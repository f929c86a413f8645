import { assert, describe, it } from "@effect/vitest"
import { toBuffer, toMillis } from "../src/PgValues.js"

describe("what the server writes", () => {
  const times: ReadonlyArray<readonly [string, number]> = [
    ["2026-01-02 03:04:05+00", Date.UTC(2026, 0, 2, 3, 4, 5)],
    ["2026-01-02 03:04:05.6+00", Date.UTC(2026, 0, 2, 3, 4, 5, 600)],
    ["2026-12-31 23:59:59.078+00", Date.UTC(2026, 11, 31, 23, 59, 59, 78)],
    ["2026-01-02 03:04:05.678999+00", Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ["2026-01-02 03:04:05.678+05:30", Date.UTC(2026, 0, 1, 21, 34, 5, 678)],
    ["2026-01-02 03:04:05-03:30", Date.UTC(2026, 0, 2, 6, 34, 5)],
    ["1970-01-02 00:00:00-00:44:30", Date.UTC(1970, 0, 2, 0, 44, 30)],
    ["12026-01-02 03:04:05.6+00", Date.UTC(12_026, 0, 2, 3, 4, 5, 600)]
  ]
  for (const [text, millis] of times) {
    it(`as ${text} is a time`, () => {
      assert.strictEqual(toMillis(text), millis)
    })
  }

  it("in another style stays text", () => {
    for (const text of ["infinity", "02.01.2026 03:04:05.678 UTC", "Fri Jan 02 03:04:05 2026+00", ""]) {
      assert.strictEqual(toMillis(text), text)
    }
  })

  it("of bytes is read in either form", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    assert.deepStrictEqual(toBuffer(`\\x${bytes.toString("hex")}`), bytes)
    const escaped = [...bytes].map((byte) => {
      if (byte === 92) return "\\\\"
      return byte < 32 || byte > 126 ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte)
    })
    assert.deepStrictEqual(toBuffer(escaped.join("")), bytes)
  })
})
