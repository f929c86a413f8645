// Short runs of the built program, on what needs no server. They look at no figure but that of the heap.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { toBare, toImport } from "../src/imports/ImportedRow.js"
import { type ImportOutcome, missesOf, toTable } from "../src/imports/ImportOutcome.js"
import { batchSize, turnsOf } from "../src/imports/Order.js"
import { parseImportsOptions } from "../src/imports/options.js"

const main = fileURLToPath(new URL("../dist/imports/main.js", import.meta.url))

const run = (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr })
    })
  })

describe("a short run", { timeout: 120_000 }, () => {
  it("shows both rates, their ratio and the heap, and ends with what missed", async () => {
    const { code, stderr, stdout } = await run("--only", "sqlite", "--rows", "2000")
    expect(stderr).toBe("")
    const row = /^\| SQLite +\| 2,000 +\| [\d,]+ +\| [\d,]+ +\| ([\d.]+) \(.*\) +\| (\d+) MiB +\| 200 MiB +\|$/m.exec(
      stdout
    )
    expect(row, stdout).not.toBeNull()
    expect(Number(row?.[2])).toBeLessThan(200)
    expect(code).toBe(stdout.includes("\nMissed:\n  SQLite: ratio") ? 1 : 0)
  })

  it("fails where the import has too little heap", async () => {
    const { code, stderr } = await run("--only", "sqlite", "--rows", "2000", "--heap", "12")
    expect(code).toBe(1)
    expect(stderr).toMatch(/The process of the import side ended with SIG\w+, in a heap of 12 MiB\n$/)
  })
})

describe("what an import has to reach", () => {
  const outcome: ImportOutcome = {
    store: "pg",
    rows: 1_000_000,
    imported: 5000,
    bare: 10_000,
    ratio: 0.5,
    spread: [0.4, 0.6],
    heap: 200 * 2 ** 20 - 1,
    heapLimit: 200 * 2 ** 20
  }

  it("is half the rate, in less heap than 200 MiB", () => {
    expect(missesOf(outcome)).toEqual([])
    expect(missesOf({ ...outcome, ratio: 0.499 })).toEqual(["PostgreSQL: ratio 0.50, at least 0.5"])
    expect(missesOf({ ...outcome, heap: 200 * 2 ** 20 })).toEqual(["PostgreSQL: 200 MiB of heap, under 200"])
  })

  it("stands in a table", () => {
    expect(toTable([outcome]).split("\n")[2]).toMatch(
      /^\| PostgreSQL \| 1,000,000 \| 5,000 +\| 10,000 +\| 0\.50 \(0\.40 to 0\.60\) +\| 200 MiB +\| 200 MiB +\|$/
    )
  })
})

describe("the rows", () => {
  it("are the same on both sides", () => {
    const [imported, bare] = [toImport(7), toBare(7)]
    expect(bare).toMatchObject({
      id: imported.id,
      organizationId: imported.organizationId,
      name: imported.name,
      scopes: JSON.stringify(imported.scopes),
      metadata: JSON.stringify(imported.metadata),
      createdAt: imported.createdAt
    })
    expect(imported.digest?.hex).toBe(bare.digest.toString("hex"))
    expect(toImport(8).id).not.toBe(imported.id)
  })

  it("are written in turns of whole batches, but for the last", () => {
    const turns = turnsOf(1_000_000)
    expect(turns.reduce((sum, rows) => sum + rows, 0)).toBe(1_000_000)
    expect(turns.slice(0, -1).every((rows) => rows % batchSize === 0)).toBe(true)
    expect(turnsOf(1)).toEqual([1])
  })
})

describe("the options", () => {
  it("are a million rows in 200 MiB, on every store, unless they say otherwise", () => {
    expect(parseImportsOptions([])).toEqual({
      rows: 1_000_000,
      only: ["sqlite", "pg", "mysql", "mariadb"],
      heapMiB: 200
    })
    expect(parseImportsOptions(["--rows", "5", "--only", "pg, sqlite", "--heap", "64"])).toEqual({
      rows: 5,
      only: ["pg", "sqlite"],
      heapMiB: 64
    })
  })

  it.each([
    [["--only", "oracle"], 'There is no store "oracle"'],
    [["--only", ""], 'There is no store ""'],
    [["--rows", "0"], "--rows is not a whole number"],
    [["--heap", "1.5"], "--heap is not a whole number"]
  ])("refuses %j", (args, words) => {
    expect(() => parseImportsOptions(args)).toThrow(words)
  })
})
