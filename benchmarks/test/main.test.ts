// A short run of the built program: of every kind of row one, on what needs no server. It looks at no figure.
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Report } from "../src/report/Report.js"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))
const bench = (...args: ReadonlyArray<string>) => promisify(execFile)(process.execPath, [main, ...args])

describe("a quick run", () => {
  const out = mkdtempSync(join(tmpdir(), "apikeys-bench-test-"))
  const read = (file: string) => readFileSync(join(out, file), "utf8")
  const only = [
    ...["memory-strict-alone", "memory-effect-64", "sqlite-scale", "better-auth-sqlite-uncached-64", "wal-size"],
    ...["fastify-rate-limit", "exactness-sqlite-uncached-exact-durable", "exactness-express-guarded-strictly"]
  ]
  let output: { readonly stdout: string; readonly stderr: string }
  let report: Report

  beforeAll(async () => {
    output = await bench("--quick", "--only", only.join(","), "--out", out)
    report = JSON.parse(read("latest.json"))
  }, 240_000)

  afterAll(() => rmSync(out, { recursive: true, force: true }))

  it("complains of nothing", () => {
    expect(output.stderr).toBe("")
  })

  it("measures each row that was asked for, and no other", () => {
    expect(report.rows.map(({ id }) => id).sort()).toEqual(only.filter((id) => !id.startsWith("exactness")).sort())
    expect(report).toMatchObject({ quick: true, whole: false })
  })

  it("tells of each a ratio, with its spread, of figures that were measured", () => {
    for (const { against, id, measured, met, ratio, rounds, spread, target } of report.rows) {
      expect(rounds, id).toBe(id === "wal-size" ? 1 : id.startsWith("memory") ? 2 : report.rounds)
      for (const side of [measured, against]) {
        expect(side.median, id).toBeGreaterThan(0)
        expect(side.low, id).toBeLessThanOrEqual(side.median)
        expect(side.high, id).toBeGreaterThanOrEqual(side.median)
      }
      expect(ratio, id).toBeGreaterThan(0)
      expect(spread[0], id).toBeLessThanOrEqual(ratio)
      expect(spread[1], id).toBeGreaterThanOrEqual(ratio)
      expect(met === null, id).toBe(target === null)
    }
  })

  it("finds that limits admit exactly what they allow", () => {
    expect(report.exactness).toMatchObject([
      { isOurs: true, limit: 50, asked: 100, admitted: 50, exact: true },
      { isOurs: true, limit: 50, asked: 100, admitted: 50, exact: true }
    ])
  })

  it("says with what it was measured", () => {
    const { databases, versions } = report.machine
    expect(databases).toEqual({ SQLite: expect.stringMatching(/^3\.\d+/) })
    expect(versions).toMatchObject({
      "better-auth": expect.stringMatching(/^\d+\./),
      "rate-limiter-flexible": expect.stringMatching(/^\d+\./),
      "@apikeys/core": expect.stringMatching(/^\d+\./)
    })
  })

  it("writes a table and a chart beside", () => {
    expect(read("table.md")).toContain("`sqlite-scale`")
    expect(read("chart.svg")).toMatch(/^<svg .*<\/svg>\n$/s)
  })

  it("ends with what misses its target", () => {
    const missed = report.rows.filter(({ met }) => met === false).map(({ id }) => id)
    const told = output.stdout.split(/miss their target:|Nothing misses its target\./)[1] ?? ""
    const lines = told
      .trim()
      .split("\n")
      .filter((line) => line !== "")
    expect(lines.map((line) => line.trim().split(":")[0])).toEqual(missed)
  })
})

it("measures nothing where a name is unknown, and says so", async () => {
  const failure = await bench("--quick", "--only", "sqlite,oracle").catch((error) => error)
  expect(failure.code).toBe(1)
  expect(failure.stderr).toContain('Nothing is called "oracle"')
  expect(failure.stdout).toBe("")
})
