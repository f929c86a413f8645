import { deepStrictEqual } from "node:assert"
import { DateTime, Equal, FastCheck, Hash, Schema } from "effect"
import { describe, expect, expectTypeOf, it } from "vitest"
import { Instant, InstantInput, instantOf } from "../../src/domain/Instant.js"
import { accepted, refusals } from "./decoding.js"

const latest = Date.parse("9999-12-31T23:59:59.999Z")

describe("a date from a caller", () => {
  it("is a Date or a DateTime.Utc, to the millisecond", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: 0, max: latest }), (millis) => {
        const fromDate = accepted(InstantInput, new Date(millis))
        expect(DateTime.isUtc(fromDate)).toBe(true)
        expect(fromDate.epochMillis).toBe(millis)
        expect(accepted(InstantInput, DateTime.unsafeMake(millis)).epochMillis).toBe(millis)
      })
    )
    expectTypeOf(accepted(InstantInput, new Date(0))).toEqualTypeOf<Instant>()
  })

  it("loses what is finer than a millisecond", () => {
    expect(accepted(InstantInput, DateTime.addDuration(DateTime.unsafeMake(1500), "0.75 millis")).epochMillis).toBe(
      1500
    )
  })

  it("is one that every database can hold: from 1970 to 9999", () => {
    for (const millis of [0, latest]) expect(accepted(InstantInput, new Date(millis)).epochMillis).toBe(millis)
    for (const millis of [-1, latest + 1, 8.64e15, -8.64e15]) {
      expect(refusals(InstantInput, new Date(millis)), `${millis}`).toEqual(["is not a date between 1970 and 9999"])
      expect(refusals(InstantInput, DateTime.unsafeMake(millis))).toEqual(["is not a date between 1970 and 9999"])
    }
  })

  it("is not an invalid Date", () => {
    expect(refusals(InstantInput, new Date(Number.NaN))).toEqual(["is not a date between 1970 and 9999"])
    expect(refusals(InstantInput, new Date("nonsense"))).toEqual(["is not a date between 1970 and 9999"])
  })

  it("is nothing that only looks like a date", () => {
    const zoned = DateTime.unsafeMakeZoned(0, { timeZone: "Europe/Berlin" })
    const lookalike = { getTime: () => 0, epochMillis: 0 }
    for (const value of [0, 1_700_000_000_000, "2026-01-01", "2026-01-01T00:00:00Z", null, {}, lookalike, zoned]) {
      expect(refusals(InstantInput, value)).toEqual(["is not a date"])
    }
  })

  it("is a copy: changing the Date later changes nothing", () => {
    const date = new Date(1000)
    const instant = accepted(InstantInput, date)
    date.setTime(2000)
    expect(instant.epochMillis).toBe(1000)
  })

  it("is refused where reading it throws or it answers differently every time", () => {
    class Throwing extends Date {
      override getTime(): number {
        throw new Error("secret")
      }
    }
    class Changing extends Date {
      #reads = 0
      override getTime() {
        return this.#reads++ === 0 ? 0 : Number.NaN
      }
    }
    expect(refusals(InstantInput, new Throwing())).toEqual(["cannot be read"])
    expect(refusals(InstantInput, new Changing())).toEqual(["cannot be read"])
  })
})

describe("the instant of a time", () => {
  it("is what DateTime makes of it", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: -latest, max: latest }), (millis) => {
        const [instant, expected] = [instantOf(millis), DateTime.unsafeMake(millis)]
        deepStrictEqual(instant, expected)
        expect(Schema.is(Instant)(instant)).toBe(true)
        expect(Equal.equals(instant, expected) && Equal.equals(expected, instant)).toBe(true)
        expect(Hash.hash(instant)).toBe(Hash.hash(expected))
        expect(JSON.stringify(instant)).toBe(JSON.stringify(expected))
        expect(`${instant}`).toBe(`${expected}`)
        for (let time = 0; time < 2; time++) {
          expect(DateTime.toPartsUtc(instant)).toEqual(DateTime.toPartsUtc(expected))
        }
        expect(DateTime.toDate(DateTime.add(instant, { days: 1 })).getTime()).toBe(millis + 86_400_000)
      })
    )
  })

  // The second is what an instant remembers once it is asked for its parts: nothing, at first.
  it("has all the members that DateTime gives its own", () => {
    expect(Reflect.ownKeys(DateTime.unsafeMake(0))).toEqual(["epochMillis", "partsUtc"])
  })
})
