import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Compiler } from "@effect/sql/Statement"
import type { Effect, Scope } from "effect"
import type { Columns } from "./Column.js"
import type { Migration } from "./Migration.js"
import type { Scripts } from "./Script.js"

/**
 * What an error of a driver means.
 *
 * @since 0.1.0
 */
export interface Failure {
  /** The driver's code, or else the kind of error; never its message, which may print rows. */
  readonly code: string
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /**
   * Whether the database is known to have undone everything, so that repeating at once counts nothing twice:
   * deadlocks, failed serialization, a lock that was not had. Where transactions run side by side, a violated
   * unique or foreign key too: another one came first, and a second look finds what it did.
   */
  readonly undone: boolean
  /** How often it is worth the while to repeat what was undone; by default until the deadline. */
  readonly attempts?: number
}

/**
 * What is written: a `change` of tenants or keys must outlive a power cut once it is reported; of a `count`, of
 * permits and uses, the last moments may be lost then, where the database is faster for it.
 *
 * @since 0.1.0
 */
export type Durability = "change" | "count"

/**
 * A connection of its own that hears of changes as they are committed. It only makes matters faster: what was changed
 * is read from the log.
 *
 * @since 0.1.0
 */
export interface ChangeListener {
  /** Reads over the connection that listens, which proves that it lives; `null` while there is none that is trusted. */
  readonly read: () => Database["read"] | null
  /** Ends when something was heard since the last time that it ended. */
  readonly heard: Effect.Effect<void>
  /** The connection did not answer: it is given up, and a new one is opened. */
  readonly distrust: Effect.Effect<void>
}

/**
 * How one learns of changes, beyond looking at their log again and again.
 *
 * @since 0.1.0
 */
export interface ChangeSignals {
  /** An expression for the channel on which each change is announced; `null` where the database has no such thing. */
  readonly channel: string | null
  /**
   * Gives something else than before once anything was committed, for less than a look at the log; `null` where
   * there is nothing cheaper.
   */
  readonly version: Effect.Effect<unknown, SqlError> | null
  /**
   * How often another database took the place of this one, as far as `version` found out; `null` where it is not told. Nothing
   * that was read before holds in the new one, whatever its log says.
   */
  readonly replacements: (() => number) | null
  /** Listens for as long as the scope is open; `null` where nothing is announced. */
  readonly listen: Effect.Effect<ChangeListener, never, Scope.Scope> | null
}

/**
 * A database as a store package describes it: everything in which one differs from another, but for what the
 * queries branch on themselves.
 *
 * @since 0.1.0
 */
export interface Database {
  /** Begins the reason of every `StoreError`: `sqlite`. */
  readonly driver: string
  /** Writes placeholders and identifiers, and names the dialect on which queries branch. */
  readonly compiler: Compiler
  /** Stands before the name of each table, as SQL writes it: empty, or a schema in quotes and a dot. */
  readonly tablePrefix: string
  readonly columns: Columns
  /** An expression for the server's time, in whole milliseconds since the epoch. */
  readonly nowMillis: string
  /**
   * What ends a select whose rows must stay as they are until the transaction ends: `for share` to build upon
   * them, `for update` to change them; empty where a transaction has the only write lock anyway.
   */
  readonly rowLocks: { readonly share: string; readonly update: string }
  /** Runs a statement that changes rows, and tells how many. */
  readonly affected: (
    connection: Connection,
    sql: string,
    params: ReadonlyArray<unknown>
  ) => Effect.Effect<number, SqlError>
  /** Runs reads outside of transactions. Each statement sees what was committed before it began. */
  readonly read: <A, E>(use: (connection: Connection) => Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError>
  /** How it runs scripts by a way of its own; `null` where they are run over a connection like anything else. */
  readonly scripts: Scripts | null
  /**
   * Runs a transaction of its own, whatever else the fiber is in: committed when this succeeds, undone when it
   * fails or is interrupted. A statement sees what was committed before it began, so a row has to be locked to
   * be built upon.
   */
  readonly transact: <A, E>(
    durability: Durability,
    use: (connection: Connection) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | SqlError>
  readonly classify: (error: unknown) => Failure
  /** What calls are waiting for just now, as a driver's code; `null` where nothing is known. */
  readonly waitingFor: () => string | null
  readonly signals: ChangeSignals
  readonly schema: {
    /** In the order of their ids, from 1 on without a gap. */
    readonly migrations: ReadonlyArray<Migration>
    /** Creates the table that records migrations, where it is missing. */
    readonly recordTable: string
    /** Selects one row where the table that records migrations exists, and none where it does not. */
    readonly findRecordTable: string
    /**
     * Runs with the one lock that keeps migrations apart, across processes; in a transaction where the
     * database can undo its DDL. Else every statement of a migration has to be safe to repeat.
     */
    readonly migrateAlone: <A, E>(
      use: (connection: Connection) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | SqlError>
  }
}
