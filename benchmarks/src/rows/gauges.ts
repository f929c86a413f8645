import { cacheMemory, logSize } from "../gauges/gauges.js"
import { alone, type Comparison, crowd } from "./Comparison.js"
import type { Row } from "./Row.js"

const memory: Comparison = {
  name: "cache-memory",
  title: "Memory of a full cache",
  needs: [],
  loads: [alone],
  rounds: ({ wholeRounds }) => wholeRounds,
  contenders: cacheMemory
}

const log: Comparison = {
  name: "wal-size",
  title: "SQLite's write-ahead log under sustained load, every charge and use committed",
  needs: [],
  loads: [crowd],
  rounds: ({ wholeRounds }) => wholeRounds,
  contenders: { log: logSize }
}

export const comparisons: ReadonlyArray<Comparison> = [memory, log]

export const rows: ReadonlyArray<Row> = [
  {
    id: "cache-memory",
    measured: "memory of 100,000 cached keys of the quickstart's shape",
    against: "60 MiB",
    comparison: memory.name,
    contender: "cache",
    other: 60,
    load: alone,
    unit: "MiB",
    target: { atMost: 1 },
    tags: ["sqlite"]
  },
  {
    id: "wal-size",
    measured: "largest WAL file of SQLite under sustained durable load",
    // A checkpoint begins at 4 MiB, and the transaction that sets it off comes on top.
    against: "4 MiB",
    comparison: log.name,
    contender: "log",
    other: 4,
    load: crowd,
    unit: "MiB",
    target: { atMost: 1.25 },
    tags: ["sqlite"]
  }
]
