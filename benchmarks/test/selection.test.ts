import { describe, expect, it } from "vitest"
import { admissions } from "../src/exactness/admissions.js"
import { parseOptions } from "../src/Options.js"
import type { Target } from "../src/rows/Row.js"
import { comparisons, rows } from "../src/rows/registry.js"
import { select } from "../src/rows/select.js"
import { full, quick } from "../src/Scale.js"

const ids = (selected: ReadonlyArray<{ readonly id: string }>) => selected.map(({ id }) => id)

describe("the options", () => {
  it("of a whole run write the results", () => {
    expect(parseOptions([], "results")).toEqual({ scale: full, only: null, out: "results" })
  })

  it("of a part, or of a short run, do not", () => {
    expect(parseOptions(["--only", "sqlite, pg"], "results")).toEqual({
      scale: full,
      only: ["sqlite", "pg"],
      out: null
    })
    expect(parseOptions(["--quick"], "results")).toEqual({ scale: quick, only: null, out: null })
    expect(parseOptions(["--quick", "--out", "here"], "results").out).toBe("here")
  })

  it("that there are not are an error", () => {
    expect(() => parseOptions(["--fast"], "results")).toThrow("--fast")
    expect(() => parseOptions(["sqlite"], "results")).toThrow("sqlite")
    expect(() => parseOptions(["--only", ""], "results")).toThrow("empty")
  })
})

describe("a selection", () => {
  it("goes by row, by comparison, and by what it is about", () => {
    expect(ids(select(rows, ["wal-size"]))).toEqual(["wal-size"])
    expect(ids(select(rows, ["sqlite-scale", "limits-pg"]))).toEqual([
      "sqlite-scale",
      "limits-pg-64",
      "limits-pg-uncached-64"
    ])
    expect(ids(select(rows, ["express"]))).toContain("express-guarded")
    expect(select(admissions, ["pg"]).every(({ needs }) => needs.includes("pg"))).toBe(true)
  })

  it("that is not given is everything", () => {
    expect(select(rows, null)).toEqual(rows)
  })

  it("of what there is not is an error that says what there is", () => {
    expect(() => select(rows, ["sqlite", "sqlte"])).toThrow(/"sqlte".*sqlite-million-64/)
  })
})

describe("the registry", () => {
  it("has no id twice", () => {
    const all = ids([...rows, ...admissions])
    expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([])
  })

  it("has for every row a comparison under its load", () => {
    for (const row of rows) {
      const comparison = comparisons.find(({ name }) => name === row.comparison)
      expect(comparison?.loads, row.id).toContain(row.load)
    }
  })

  it("measures nothing that no row tells", () => {
    for (const { contenders, name } of comparisons) {
      const told = rows.flatMap((row) => (row.comparison === name ? [row.contender, row.other] : []))
      expect(told, name).toEqual(expect.arrayContaining(Object.keys(contenders)))
    }
  })

  it("promises what the project promises", () => {
    const promised = rows.flatMap(({ id, target }) => (target === null ? [] : [[id, target] as const]))
    expect(Object.fromEntries(promised)).toEqual({
      "fastify-guarded": { atLeast: 0.8 },
      "express-guarded": { atLeast: 0.68 },
      "express-guarded-beside": { atLeast: 1 },
      "cached-promise-leased": { atMost: 1.5 },
      "cached-promise-memory": { atMost: 1.5 },
      "cached-effect-leased": { atMost: 1.3 },
      "cached-effect-memory": { atMost: 1.3 },
      "sqlite-million-64": { atMost: 2 },
      "sqlite-million-alone": { atMost: 7 },
      "pg-look-up-64": { atMost: 0.35 },
      "pg-look-up-alone": { atMost: 1.3 },
      "better-auth-sqlite-64": { atLeast: 10 },
      "better-auth-sqlite-alone": { atLeast: 10 },
      "better-auth-pg-64": { atLeast: 4 },
      "better-auth-pg-alone": { atLeast: 2.5 },
      "better-auth-cached": { atLeast: 100 },
      "limits-pg-64": { atLeast: 3 },
      "sqlite-scale": { atMost: 1.3 },
      "pg-scale": { atMost: 1.3 },
      "cache-memory": { atMost: 1 },
      "wal-size": { atMost: 1.25 }
    } satisfies Record<string, Target>)
  })
})
