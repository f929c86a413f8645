import { committed, leased, strict } from "../contenders/apikeys.js"
import { betterAuthFile, betterAuthOn, betterAuthPg } from "../contenders/betterAuth.js"
import { library } from "../contenders/library.js"
import { rateLimiterFlexible } from "../contenders/rateLimiterFlexible.js"
import { pg, sqlite } from "../contenders/stores.js"
import { alone, type Comparison, crowd } from "./Comparison.js"
import type { Row, Target } from "./Row.js"

const onSqlite: Comparison = {
  name: "better-auth-sqlite",
  title: "Like for like on SQLite: every charge and use is committed before the answer",
  needs: [],
  loads: [alone, crowd],
  contenders: {
    "better-auth": betterAuthOn(betterAuthFile),
    ...library("committed", sqlite(), committed),
    ...library("strict", sqlite(), strict),
    ...library("cached", sqlite(), leased)
  }
}

const onPg: Comparison = {
  name: "better-auth-pg",
  title: "Like for like on PostgreSQL: every charge and use is committed before the answer",
  needs: ["pg"],
  loads: [alone, crowd],
  contenders: {
    "better-auth": betterAuthOn(betterAuthPg),
    ...library("committed", pg(), committed),
    ...library("strict", pg(), strict)
  }
}

const limits: Comparison = {
  name: "limits-pg",
  title: "Limits alone, exact, on PostgreSQL",
  needs: ["pg"],
  loads: [crowd],
  contenders: {
    "rate-limiter-flexible": rateLimiterFlexible,
    ...library("exact", pg(), { ...committed, usage: "off" }),
    ...library("exact, uncached", pg(), { ...strict, usage: "off" })
  }
}

export const comparisons: ReadonlyArray<Comparison> = [onSqlite, onPg, limits]

const row = (
  { name, needs }: Comparison,
  id: string,
  contender: string,
  load: number,
  measured: string,
  target: Target | null
): Row => {
  const other = name === limits.name ? "rate-limiter-flexible" : "better-auth"
  return {
    id,
    measured: load === crowd ? `${measured}, ${crowd} in flight` : measured,
    against: name === limits.name ? `${other} on PostgreSQL` : `${other}, limits on`,
    comparison: name,
    contender,
    other,
    load,
    unit: "calls/s",
    target,
    tags: [other, ...(needs.length === 0 ? ["sqlite"] : needs)]
  }
}

const durable = "exact limit, durable usage"

export const rows: ReadonlyArray<Row> = [
  row(onSqlite, "better-auth-sqlite-64", "committed", crowd, `SQLite: ${durable}`, { atLeast: 10 }),
  row(onSqlite, "better-auth-sqlite-alone", "committed", alone, `SQLite: ${durable}`, { atLeast: 10 }),
  row(onSqlite, "better-auth-sqlite-uncached-64", "strict", crowd, `SQLite: ${durable}, no cache`, null),
  row(onSqlite, "better-auth-sqlite-uncached-alone", "strict", alone, `SQLite: ${durable}, no cache`, null),
  row(onSqlite, "better-auth-cached", "cached", alone, "SQLite: leased limit, deferred usage (weaker durability)", {
    atLeast: 100
  }),
  row(onPg, "better-auth-pg-64", "committed", crowd, `PostgreSQL: ${durable}`, { atLeast: 4 }),
  row(onPg, "better-auth-pg-alone", "committed", alone, `PostgreSQL: ${durable}`, { atLeast: 2.5 }),
  row(onPg, "better-auth-pg-uncached-64", "strict", crowd, `PostgreSQL: ${durable}, no cache`, null),
  row(onPg, "better-auth-pg-uncached-alone", "strict", alone, `PostgreSQL: ${durable}, no cache`, null),
  row(limits, "limits-pg-64", "exact", crowd, "PostgreSQL: exact limit, no usage", { atLeast: 3 }),
  row(limits, "limits-pg-uncached-64", "exact, uncached", crowd, "PostgreSQL: exact limit, no usage, no cache", null)
]
