import { assert, describe, it } from "vitest"
import { FailureLimit } from "../src/index.js"

const minute = 60_000

describe("FailureLimit", () => {
  it("refuses after so many failures, until the window ends", () => {
    const limit = new FailureLimit({ requests: 3, window: "minute" })
    for (const at of [0, 10_000, 20_000]) {
      assert.strictEqual(limit.wait("203.0.113.9", at), 0)
      limit.record("203.0.113.9", at)
    }
    assert.strictEqual(limit.wait("203.0.113.9", 20_000), 40)
    assert.strictEqual(limit.wait("203.0.113.9", minute - 1), 1)
    assert.strictEqual(limit.wait("203.0.113.9", minute), 0)
    assert.strictEqual(limit.wait("203.0.113.10", 20_000), 0)
  })

  it("starts anew in each window", () => {
    const limit = new FailureLimit({ requests: 1, window: 60 })
    limit.record("203.0.113.9", 0)
    limit.record("203.0.113.9", minute)
    assert.strictEqual(limit.wait("203.0.113.9", minute), 60)
    assert.strictEqual(limit.wait("203.0.113.9", 2 * minute), 0)
  })

  it("refuses for a window at most once a clock that was far ahead is right again, and says for how long", () => {
    const noon = Date.UTC(2026, 4, 4, 12)
    for (const ahead of [11_000, 60 * minute, 400 * 24 * 60 * minute]) {
      const limit = new FailureLimit({ requests: 2, window: "minute" })
      for (const at of [noon, noon + ahead]) for (const _ of [1, 2]) limit.record("203.0.113.9", at)
      assert.strictEqual(limit.wait("203.0.113.9", noon + 20_000), 40)
      assert.strictEqual(limit.wait("203.0.113.9", noon + 59_000), 1)
      assert.strictEqual(limit.wait("203.0.113.9", noon + minute), 0)
    }
  })

  it("waits for a clock that was set back a little", () => {
    const limit = new FailureLimit({ requests: 1, window: "second" })
    limit.record("203.0.113.9", 10_000)
    assert.strictEqual(limit.wait("203.0.113.9", 6000), 5)
    assert.strictEqual(limit.wait("203.0.113.9", 11_000), 0)
  })

  it("takes the addresses of an IPv6 network for one client", () => {
    const limit = new FailureLimit({ requests: 2, window: "minute" })
    limit.record("2001:db8::1", 0)
    limit.record("2001:db8::2", 0)
    assert.strictEqual(limit.wait("2001:db8::3", 0), 60)
    assert.strictEqual(limit.size, 1)
  })

  it("remembers so many clients, and forgets those that failed longest ago", () => {
    const limit = new FailureLimit({ requests: 1, window: "minute", maxClients: 3 })
    for (const host of [1, 2, 3, 1, 4]) limit.record(`203.0.113.${host}`, 0)
    const refused = [1, 2, 3, 4].filter((host) => limit.wait(`203.0.113.${host}`, 0) > 0)
    assert.deepStrictEqual(refused, [1, 3, 4])
    for (let host = 0; host < 5000; host++) limit.record(`2001:db8:0:${host.toString(16)}::1`, 0)
    assert.strictEqual(limit.size, 3)
  })

  it("is not made of options that would refuse no client", () => {
    const good = { requests: 1, window: "minute" }
    for (const wrong of [
      { max: 1, window: "minute" },
      { ...good, requests: Number.NaN },
      { ...good, requests: 0 },
      { ...good, requests: "1" },
      { ...good, window: "fortnight" },
      { ...good, maxClients: 0 },
      { ...good, burst: 2 },
      { requests: 1 },
      null
    ]) {
      assert.throws(() => new FailureLimit(wrong as never), TypeError, "{ requests, window, maxClients }")
    }
  })
})
