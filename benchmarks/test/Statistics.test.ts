import { describe, expect, it } from "vitest"
import { pairedRatios, quantile, summarize } from "../src/measure/Statistics.js"

describe("a summary", () => {
  it("has the middle round, and the middle half, in whatever order they came", () => {
    expect(summarize([9, 1, 5, 7, 3])).toEqual({ median: 5, low: 3, high: 7 })
  })

  it("lies between two rounds where none is in the middle", () => {
    expect(summarize([1, 2, 3, 10])).toEqual({ median: 2.5, low: 1.75, high: 4.75 })
  })

  it("of one round is that round", () => {
    expect(summarize([4])).toEqual({ median: 4, low: 4, high: 4 })
  })

  it("is not moved by one round that went wrong", () => {
    expect(summarize([10, 11, 12, 13, 1000]).median).toBe(12)
  })

  it("compares numbers, not texts", () => {
    expect(quantile([100, 20, 3], 0.5)).toBe(20)
  })

  it("leaves the sample as it was", () => {
    const sample = [3, 1, 2]
    summarize(sample)
    expect(sample).toEqual([3, 1, 2])
  })

  it("of nothing is an error", () => {
    expect(() => summarize([])).toThrow("without values")
  })
})

describe("ratios", () => {
  it("are of the same round, so that what slows both goes out", () => {
    // The machine was ten times slower in the last two rounds.
    const ratios = pairedRatios([2, 2, 20, 20], [1, 1, 10, 10])
    expect(ratios).toEqual([2, 2, 2, 2])
  })

  it("of unequal samples are an error", () => {
    expect(() => pairedRatios([1, 2], [1])).toThrow("cannot be paired")
  })
})
