import { leased, memory } from "../contenders/apikeys.js"
import { bareCached } from "../contenders/bare.js"
import { library } from "../contenders/library.js"
import { sqlite } from "../contenders/stores.js"
import { alone, type Comparison } from "./Comparison.js"
import type { Row, Target } from "./Row.js"

export const comparison: Comparison = {
  name: "cached",
  title: "Everything that is needed is in memory; an SQLite store is open",
  needs: [],
  loads: [alone],
  contenders: {
    bare: bareCached,
    ...library("leased", sqlite(), leased),
    ...library("memory", sqlite(), memory),
    ...library("effect, leased", sqlite(), leased, { face: "effect" }),
    ...library("effect, memory", sqlite(), memory, { face: "effect" }),
    ...library("without usage", sqlite(), { ...leased, usage: "off" }),
    ...library("without limit", sqlite(), { ...leased, limits: "off" }),
    ...library("without either", sqlite(), { ...leased, usage: "off", limits: "off" })
  }
}

const against = "HMAC + Map + window"

const row = (id: string, contender: string, measured: string, target: Target | null): Row => ({
  id,
  measured,
  against,
  comparison: comparison.name,
  contender,
  other: "bare",
  load: alone,
  unit: "µs",
  target,
  tags: ["sqlite"]
})

export const rows: ReadonlyArray<Row> = [
  row("cached-promise-leased", "leased", "cached, leased limit, usage: Promise client", { atMost: 1.5 }),
  row("cached-promise-memory", "memory", "cached, limit in memory, usage: Promise client", { atMost: 1.5 }),
  row("cached-effect-leased", "effect, leased", "cached, leased limit, usage: inside an Effect program", {
    atMost: 1.3
  }),
  row("cached-effect-memory", "effect, memory", "cached, limit in memory, usage: inside an Effect program", {
    atMost: 1.3
  }),
  row("cached-without-usage", "without usage", "cached, leased limit, no usage", null),
  row("cached-without-limit", "without limit", "cached, no limit, usage", null),
  row("cached-without-either", "without either", "cached, no limit, no usage", null)
]
