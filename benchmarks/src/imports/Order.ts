/** Where keys are imported into. */
export type ImportStore = "sqlite" | "pg" | "mysql" | "mariadb"

export const importStores: Readonly<Record<ImportStore, string>> = {
  sqlite: "SQLite",
  pg: "PostgreSQL",
  mysql: "MySQL",
  mariadb: "MariaDB"
}

/** Who writes the rows: `importKeys`, or the raw driver. */
export type Side = "import" | "bare"

/** What a process is to write, turn by turn: each time it is told to, one more of them. */
export interface Order {
  readonly side: Side
  readonly store: ImportStore
  /** A file of SQLite, or the URL of a database; nothing is in it. */
  readonly place: string
  /** How many rows each turn has. */
  readonly turns: ReadonlyArray<number>
}

/** What it says once it may be told. */
export interface Ready {
  /** The most that V8 lets its heap be, in bytes: beyond it, the process ends. */
  readonly heapLimit: number
}

/** What it says after each turn. */
export interface TurnDone {
  readonly seconds: number
  /** The largest that its heap was so far, garbage and all, in bytes. */
  readonly heap: number
}

/** How many keys a transaction of either side inserts. */
export const batchSize = 512

/** Of the rows of a million, some twenty: of whole batches each, so that at its end nothing is on its way. */
const turnSize = 100 * batchSize

export const turnsOf = (rows: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(rows / turnSize) }, (_, turn) => Math.min(turnSize, rows - turn * turnSize))
