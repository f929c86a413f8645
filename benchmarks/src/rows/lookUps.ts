import { lookUp } from "../contenders/apikeys.js"
import type { Bench } from "../contenders/Bench.js"
import { barePg, bareSqlite, issued } from "../contenders/bare.js"
import type { Open } from "../contenders/Contender.js"
import { library } from "../contenders/library.js"
import { manyKeys } from "../contenders/manyKeys.js"
import { pg, type StoreOf, sqlite } from "../contenders/stores.js"
import { alone, type Comparison, crowd } from "./Comparison.js"
import type { Row, Target } from "./Row.js"

const many = (bench: Bench) => bench.scale.manyKeys
const few = (bench: Bench) => bench.scale.fewKeys

const keysOf = { sqlite: manyKeys(sqlite("many"), many), pg: issued(pg()) }

const onSqlite: Comparison = {
  name: "sqlite-million",
  title: "Uncached on SQLite, among a million keys",
  needs: [],
  loads: [alone, crowd],
  contenders: {
    bare: bareSqlite(sqlite("many"), keysOf.sqlite),
    ...library("look-up", sqlite("many"), lookUp, { keys: keysOf.sqlite }),
    ...library("with usage", sqlite("many"), { ...lookUp, usage: "deferred" }, { keys: keysOf.sqlite })
  }
}

const onPg: Comparison = {
  name: "pg-look-up",
  title: "Uncached on PostgreSQL",
  needs: ["pg"],
  loads: [alone, crowd],
  contenders: {
    bare: barePg(pg(), keysOf.pg),
    ...library("look-up", pg(), lookUp, { keys: keysOf.pg }),
    ...library("with usage", pg(), { ...lookUp, usage: "deferred" }, { keys: keysOf.pg })
  }
}

const scaleOf = (name: "sqlite" | "pg", title: string, store: (database: string) => StoreOf): Comparison => {
  const on = (database: string, count: (bench: Bench) => number): Readonly<Record<string, Open>> =>
    library(database, store(database), lookUp, { keys: manyKeys(store(database), count) })
  return {
    name: `${name}-scale`,
    title: `Uncached on ${title}, a million keys and a thousand`,
    needs: name === "pg" ? ["pg"] : [],
    loads: [alone],
    contenders: { ...on("million", many), ...on("thousand", few) }
  }
}

const sqliteScale = scaleOf("sqlite", "SQLite", sqlite)
const pgScale = scaleOf("pg", "PostgreSQL", pg)

export const comparisons: ReadonlyArray<Comparison> = [onSqlite, onPg, sqliteScale, pgScale]

const looked = { sqlite: "HMAC + raw better-sqlite3 look-up", pg: "HMAC + one pooled pg look-up each" }

const row = (
  { contenders, name }: Comparison,
  id: string,
  contender: string,
  load: number,
  measured: string,
  against: string,
  target: Target | null
): Row => ({
  id,
  measured: load === crowd ? `${measured}, ${crowd} in flight` : measured,
  against,
  comparison: name,
  contender,
  other: Object.hasOwn(contenders, "bare") ? "bare" : "thousand",
  load,
  unit: "µs",
  target,
  tags: [name.startsWith("pg") ? "pg" : "sqlite"]
})

const aThousand = "the same, a thousand keys"
const uncached = { sqlite: "uncached on SQLite, a million keys", pg: "uncached on PostgreSQL" }

export const rows: ReadonlyArray<Row> = [
  row(onSqlite, "sqlite-million-64", "look-up", crowd, uncached.sqlite, looked.sqlite, { atMost: 2 }),
  row(onSqlite, "sqlite-million-alone", "look-up", alone, uncached.sqlite, looked.sqlite, { atMost: 7 }),
  row(onSqlite, "sqlite-million-usage-64", "with usage", crowd, `${uncached.sqlite}, usage`, looked.sqlite, null),
  row(onSqlite, "sqlite-million-usage-alone", "with usage", alone, `${uncached.sqlite}, usage`, looked.sqlite, null),
  row(onPg, "pg-look-up-64", "look-up", crowd, uncached.pg, looked.pg, { atMost: 0.35 }),
  row(onPg, "pg-look-up-alone", "look-up", alone, uncached.pg, looked.pg, { atMost: 1.3 }),
  row(onPg, "pg-look-up-usage-64", "with usage", crowd, `${uncached.pg}, usage`, looked.pg, null),
  row(onPg, "pg-look-up-usage-alone", "with usage", alone, `${uncached.pg}, usage`, looked.pg, null),
  row(sqliteScale, "sqlite-scale", "million", alone, uncached.sqlite, aThousand, { atMost: 1.3 }),
  row(pgScale, "pg-scale", "million", alone, `${uncached.pg}, a million keys`, aThousand, { atMost: 1.3 })
]
