import { committed, leased, lookUp, memory, strict } from "../contenders/apikeys.js"
import { library } from "../contenders/library.js"
import { everyStore, type StoreOf } from "../contenders/stores.js"
import { alone, type Comparison, crowd } from "./Comparison.js"
import type { Row } from "./Row.js"

/** What each promise costs, against a look-up that charges and counts nothing. */
const modes = [
  ["strict", strict, "uncached: exact limit, durable usage"],
  ["exact", { ...strict, usage: "off" }, "uncached: exact limit, no usage"],
  ["durable", { ...strict, limits: "off" }, "uncached: no limit, durable usage"],
  ["uncached-leased", { ...leased, cache: false }, "uncached: leased limit, deferred usage"],
  ["committed", committed, "cached: exact limit, durable usage"],
  ["leased", leased, "cached: leased limit, deferred usage"],
  ["memory", memory, "cached: limit in memory, deferred usage"]
] as const

const comparisonOf = (store: StoreOf): Comparison => ({
  name: `modes-${store.name}`,
  title: `What each mode costs, ${store.name === "memory" ? store.title : `on ${store.title}`}`,
  needs: store.name === "memory" || store.name === "sqlite" ? [] : [store.name],
  loads: [alone, crowd],
  // There are many of them, and none makes a promise.
  rounds: ({ rounds }) => Math.ceil(rounds / 2),
  contenders: Object.assign(
    {},
    library("look-up", store, lookUp),
    ...modes.map(([name, mode]) => library(name, store, mode)),
    library("effect", store, strict, { face: "effect" })
  )
})

const rowsOf = (store: StoreOf): ReadonlyArray<Row> =>
  [
    ...modes.map(([name, , words]) => [name, words] as const),
    ["effect", `${modes[0][2]}, inside an Effect program`] as const
  ]
    .flatMap(([contender, words]) => [alone, crowd].map((load) => [contender, words, load] as const))
    .map(([contender, words, load]) => ({
      id: `${store.name}-${contender}-${load === alone ? "alone" : load}`,
      measured: `${store.title}: ${words}${load === alone ? "" : `, ${load} in flight`}`,
      against: "uncached look-up, no limit, no usage",
      comparison: `modes-${store.name}`,
      contender,
      other: "look-up",
      load,
      unit: "µs",
      target: null,
      tags: ["modes", store.name]
    }))

export const comparisons: ReadonlyArray<Comparison> = everyStore.map(comparisonOf)
export const rows: ReadonlyArray<Row> = everyStore.flatMap(rowsOf)
