import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { TestModule, TestSpecification, Vitest } from "vitest/node"
import Summary from "../reporter.js"

const module = (name: string) => ({ moduleId: `/root/test/${name}.test.ts` }) as TestModule

describe("the reporter", () => {
  const lines: Array<string> = []
  const { isTTY } = process.stdout

  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(console, "log").mockImplementation((line) => lines.push(line))
    lines.length = 0
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    process.stdout.isTTY = isTTY
  })

  const start = () => {
    const reporter = new Summary()
    reporter.onInit({ config: { root: "/root" } } as Vitest)
    reporter.onTestRunStart(Array<TestSpecification>(3))
    return reporter
  }

  it("says how many files are done and left where the output is no terminal", () => {
    process.stdout.isTTY = false
    const reporter = start()
    for (const name of ["one", "two"]) reporter.onTestModuleQueued(module(name))
    reporter.onTestModuleEnd(module("one"))
    vi.advanceTimersByTime(15_000)
    expect(lines).toEqual(["1 of 3 files done, 2 left, after 15 s; running: test/two.test.ts"])
  })

  it("leaves a terminal to the reporter that draws there", () => {
    process.stdout.isTTY = true
    start()
    vi.advanceTimersByTime(60_000)
    expect(lines).toEqual([])
  })
})
