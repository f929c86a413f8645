import { describe, expect, it } from "vitest"
import { Recorder } from "./Recorder.js"

describe("Terminal", () => {
  it("shows a bar on a terminal, which makes room for lines and goes in the end", () => {
    const terminal = new Recorder({ isTTY: true, columns: 80 })
    terminal.progress({ done: 4500, total: 10_000, seconds: 2 })
    const bar = "[##########--------------] 45 % 4,500 of 10,000 keys, 2,250 a second, 2 s left"
    expect(terminal.errors).toBe(`\r\x1b[K${bar}`)
    terminal.line("key 1: refused")
    expect(terminal.lines).toEqual(["key 1: refused"])
    expect(terminal.errors).toBe(`\r\x1b[K${bar}\r\x1b[K${bar}`)
    terminal.end()
    expect(terminal.errors.endsWith(`${bar}\r\x1b[K`)).toBe(true)
    const before = terminal.errors
    terminal.end()
    terminal.line("the report")
    expect(terminal.errors).toBe(before)
  })

  it("keeps the bar to one line, and to all of it where there are more keys than were counted", () => {
    const terminal = new Recorder({ isTTY: true, columns: 40 })
    terminal.progress({ done: 12, total: 10, seconds: 1 })
    expect(terminal.errors).toBe("\r\x1b[K[########################] 100 % 12 of ")
    const empty = new Recorder({ isTTY: true })
    empty.progress({ done: 0, total: 0, seconds: 0 })
    expect(empty.errors).toContain("100 % 0 of 0 keys")
  })

  it("says a line now and then elsewhere, and the last one", () => {
    const terminal = new Recorder({ every: 5 })
    for (const [done, seconds] of [
      [10, 1],
      [60, 6],
      [70, 7],
      [100, 8],
      [100, 8]
    ] as const) {
      terminal.progress({ done, total: 100, seconds })
    }
    expect(terminal.errors).toBe("60 of 100 keys, 10 a second, 4 s left\n100 of 100 keys, 13 a second\n")
  })
})
