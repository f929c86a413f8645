import { describe, expect, it } from "vitest"
import { interleave, orderOf } from "../src/measure/interleave.js"
import { awaited, calibrate, synchronously, timed } from "../src/measure/pace.js"

describe("rounds", () => {
  const run = async (contenders: ReadonlyArray<string>, rounds: number) => {
    const goes: Array<string> = []
    const samples = await interleave(contenders, rounds, async (contender) => goes.push(contender))
    return { goes, samples }
  }

  it("give every contender one go each", async () => {
    const { goes } = await run(["a", "b", "c"], 4)
    const rounds = [0, 3, 6, 9].map((start) => goes.slice(start, start + 3).sort())
    expect(rounds).toEqual(Array.from({ length: 4 }, () => ["a", "b", "c"]))
  })

  it("keep what was measured of each, in the order of the rounds", async () => {
    const { samples } = await run(["a", "b"], 3)
    // What is measured is the number of the go: a b, b a, b a.
    expect([...samples]).toEqual([
      ["a", [1, 4, 6]],
      ["b", [2, 3, 5]]
    ])
  })

  it("let everybody be first and last, and follow each of the others", () => {
    const contenders = ["a", "b", "c"]
    const orders = Array.from({ length: 6 }, (_, round) => orderOf(contenders, round))
    expect(new Set(orders.map(([first]) => first))).toEqual(new Set(contenders))
    expect(new Set(orders.map((order) => order[2]))).toEqual(new Set(contenders))
    const followed = orders.flatMap(([first, second, third]) => [`${first}${second}`, `${second}${third}`])
    expect(new Set(followed).size).toBe(6)
  })

  it("of nobody are none", async () => {
    expect((await run([], 3)).goes).toEqual([])
  })
})

describe("a go", () => {
  it("makes as many calls as asked, each once, and no more at a time than asked", async () => {
    const indices: Array<number> = []
    let inFlight = 0
    let most = 0
    const call = async (index: number) => {
      indices.push(index)
      most = Math.max(most, ++inFlight)
      await new Promise(setImmediate)
      inFlight--
    }
    await awaited(call)(100, 7)
    expect(indices.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    expect(most).toBe(7)
  })

  it("of calls that return at once makes as many as asked", async () => {
    const indices: Array<number> = []
    await synchronously((index) => indices.push(index))(5, 1)
    expect(indices).toEqual([0, 1, 2, 3, 4])
  })

  it.each([
    ["of calls that return at once", synchronously(() => undefined), 1],
    ["of promises that wait for nothing", awaited(() => Promise.resolve()), 1],
    ["of many such promises at a time", awaited(() => Promise.resolve()), 64]
  ])("%s lets timers run meanwhile", async (_, run, inFlight) => {
    let turns = 0
    const count = () => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await run(64_000, inFlight)
    clearImmediate(timer)
    expect(turns).toBeGreaterThan(5)
  })

  it("ends with the error of a call that is refused", async () => {
    const refused = awaited((index) => (index === 3 ? Promise.reject(new Error("refused")) : Promise.resolve()))
    await expect(timed(refused, 10, 2)).rejects.toThrow("refused")
  })

  it("is told in microseconds a call", async () => {
    // At least 4 ms in all, however slow the machine is.
    const slow = awaited(() => new Promise((resolve) => setTimeout(resolve, 2)))
    expect(await timed(slow, 2, 1)).toBeGreaterThan(1500)
  })

  it("is as long as asked, as far as the warm-up can tell", async () => {
    let calls = 0
    const run = awaited(async () => {
      calls++
      await new Promise((resolve) => setTimeout(resolve, 5))
    })
    const fitting = await calibrate(run, 2, 30, 100)
    expect(calls).toBeGreaterThan(0)
    // 2 at a time of 5 ms or more each: at most 40 in 100 ms.
    expect(fitting).toBeGreaterThanOrEqual(2)
    expect(fitting).toBeLessThanOrEqual(44)
  })
})
