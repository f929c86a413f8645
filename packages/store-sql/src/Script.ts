import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"

/**
 * A statement, and what its placeholders stand for.
 *
 * @since 0.1.0
 */
export interface Query {
  readonly text: string
  readonly params: ReadonlyArray<unknown>
  /** Whether each row is given as a list of its columns, which is made in half the time; else as an object. */
  readonly asValues: boolean
  /** What has to be done before it, and gives nothing that is needed: a database may be sent all of it at once. */
  readonly before?: ReadonlyArray<Query> | undefined
  /** Whether what comes before it gives something that is needed, too: then it gives a list of rows for each, in order. */
  readonly each?: boolean | undefined
  /** Whether nothing comes after it, whatever it gives: a transaction may be committed along with it. */
  readonly last?: boolean | undefined
}

/** Statements of which only the last one gives something that is needed. */
export const together = (queries: ReadonlyArray<Query>): Query | undefined => {
  const query = queries[queries.length - 1]
  return query === undefined || queries.length === 1 ? query : { ...query, before: queries.slice(0, -1) }
}

/**
 * What is asked of a database in one go, statement by statement: each is given the rows of the one before. It is plain
 * code that waits for nothing else, so that whatever a call costs beyond its statements is up to the database: one that
 * is in this process runs it without a fiber. On the way of every verification that costs more than the statements do.
 *
 * @since 0.1.0
 */
export type Script<A> = Generator<Query, A, ReadonlyArray<unknown>>

/**
 * How a database runs scripts by a way of its own, which is faster. Each gives `null` where it would have to wait for
 * others of this process: then the script is run over a connection, with a deadline, and so is one that was undone. What
 * else takes long, it has to end by itself.
 *
 * @since 0.1.0
 */
export interface Scripts {
  /** Outside of a transaction. */
  readonly read: <A>(script: () => Script<A>) => Effect.Effect<A, SqlError> | null
  /** As a transaction of its own that counts permits or uses. */
  readonly count: <A>(script: () => Script<A>) => Effect.Effect<A, SqlError> | null
}

const executed = (
  connection: Connection,
  { asValues, before, each, params, text }: Query
): Effect.Effect<ReadonlyArray<unknown>, SqlError> => {
  const rows = asValues ? connection.executeValues(text, params) : connection.execute(text, params, undefined)
  if (before === undefined) return rows
  const rowsBefore = Effect.forEach(before, (query) => executed(connection, query))
  return Effect.flatMap(rowsBefore, (lists) => (each === true ? Effect.map(rows, (last) => [...lists, last]) : rows))
}

/** Runs a script over a connection. */
export const runScript = <A>(connection: Connection, script: Script<A>): Effect.Effect<A, SqlError> => {
  const step = (next: IteratorResult<Query, A>): Effect.Effect<A, SqlError> =>
    next.done === true
      ? Effect.succeed(next.value)
      : Effect.flatMap(executed(connection, next.value), (rows) => step(script.next(rows)))
  return Effect.suspend(() => step(script.next([])))
}

/**
 * Runs a script where statements are answered at once.
 *
 * @since 0.1.0
 */
export const runScriptNow = <A>(script: Script<A>, execute: (query: Query) => ReadonlyArray<unknown>): A => {
  let next = script.next([])
  while (next.done !== true) {
    const { before = [], each } = next.value
    const lists = before.map(execute)
    const rows = execute(next.value)
    next = script.next(each === true ? [...lists, rows] : rows)
  }
  return next.value
}
