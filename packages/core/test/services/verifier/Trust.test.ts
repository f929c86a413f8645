import { describe, expect, it } from "vitest"
import { Trust } from "../../../src/services/verifier/Trust.js"

const noon = Date.UTC(2026, 4, 4, 12)
const hour = 3_600_000

/** A trust, and a machine whose clocks can be moved. */
const setUp = () => {
  let forgotten = 0
  let now = { millis: noon, monotonic: 1000 }
  const trust = new Trust(now, () => forgotten++)
  return {
    trust,
    forgotten: () => forgotten,
    pass: (millis: number) => {
      now = { millis: now.millis + millis, monotonic: now.monotonic + millis }
    },
    /** Asleep: the clock that nobody sets stands still. */
    sleep: (millis: number) => {
      now = { ...now, millis: now.millis + millis }
    },
    /** What a restored checkpoint does. */
    goBack: (millis: number, { wall }: { readonly wall: boolean }) => {
      now = { millis: wall ? now.millis - millis : now.millis, monotonic: now.monotonic - millis }
    },
    confirm: (age = 0) => trust.confirm(now.monotonic - age, now),
    isGiven: () => trust.isGiven(now)
  }
}

describe("trust in what is remembered", () => {
  it("lasts for three quarters of a second after a confirmation", () => {
    const { confirm, isGiven, pass } = setUp()
    expect(isGiven()).toBe(false)
    confirm()
    for (const _ of [1, 2, 3]) {
      pass(249)
      expect(isGiven()).toBe(true)
    }
    pass(3)
    expect(isGiven()).toBe(false)
    confirm(749)
    expect(isGiven()).toBe(true)
    pass(1)
    expect(isGiven()).toBe(false)
  })

  it.each([501, 60_000, hour, -501, -hour])(
    "ends where the clocks part by %i ms, until the next confirmation",
    (millis) => {
      const { confirm, forgotten, isGiven, pass, sleep } = setUp()
      confirm()
      pass(10)
      sleep(millis)
      expect([isGiven(), isGiven(), forgotten()]).toEqual([false, false, 1])
      pass(10)
      // The store was asked for it before the clocks were seen to have parted: it may be of long ago.
      confirm(11)
      expect(isGiven()).toBe(false)
      confirm(10)
      expect(isGiven()).toBe(true)
      pass(740)
      expect([isGiven(), forgotten()]).toEqual([false, 1])
    }
  )

  it("is not given by a confirmation across which the clocks parted, though nobody looked meanwhile", () => {
    const { confirm, forgotten, isGiven, pass, sleep } = setUp()
    confirm()
    pass(200)
    sleep(hour)
    pass(5)
    confirm(5)
    expect([isGiven(), forgotten()]).toEqual([false, 1])
    pass(200)
    confirm(5)
    expect(isGiven()).toBe(true)
  })

  it("ends where the clock that nobody sets goes back, alone or with the other", () => {
    for (const wall of [true, false]) {
      const { confirm, goBack, isGiven, pass } = setUp()
      pass(2 * hour)
      confirm()
      goBack(hour, { wall })
      expect(isGiven()).toBe(false)
      confirm()
      expect(isGiven()).toBe(true)
      pass(750)
      expect(isGiven()).toBe(false)
    }
  })

  it("outlives clocks that drift", () => {
    const { confirm, forgotten, isGiven, pass, sleep } = setUp()
    for (let i = 0; i < 100; i++) {
      confirm()
      pass(200)
      sleep(i % 3 === 0 ? 400 : -100)
      expect(isGiven()).toBe(true)
    }
    expect(forgotten()).toBe(0)
  })

  it("needs no clock where the store tells of each change as it is made", () => {
    const { isGiven, pass, sleep, trust } = setUp()
    trust.confirm(Number.POSITIVE_INFINITY, { millis: noon, monotonic: 1000 })
    pass(hour)
    sleep(hour)
    expect(isGiven()).toBe(true)
  })
})
