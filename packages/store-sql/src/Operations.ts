import { type Change, StoreError } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Cause, Context, Effect, Option, Predicate, Random, Tracer } from "effect"
import type { Database } from "./Database.js"
import { pause, withDeadline } from "./Deadline.js"
import { runScript, type Script } from "./Script.js"

type Use<A, E> = (connection: Connection) => Effect.Effect<A, E | SqlError>

/** Has a change written to the log that other processes read. */
export type Tell = (change: Change) => void

type UseToChange<A, E> = (connection: Connection, tell: Tell) => Effect.Effect<A, E | SqlError>

/** How the members of the ports reach the database. Each call has a deadline, and fails with the domain's errors alone. */
export interface Operations {
  /** Reads by a script, outside of a transaction. */
  readonly readBy: <A>(name: string, script: () => Script<A>) => Effect.Effect<A, StoreError>
  /** Reads, outside of a transaction. */
  readonly read: <A, E = never>(name: string, use: Use<A, E>) => Effect.Effect<A, Exclude<E, SqlError> | StoreError>
  /**
   * A transaction that changes tenants or keys. What it tells of is written as the last thing in it, since the number
   * of a change stands in the way of all others until the commit.
   */
  readonly change: <A, E = never>(
    name: string,
    use: UseToChange<A, E>
  ) => Effect.Effect<A, Exclude<E, SqlError> | StoreError>
  /** A transaction that counts permits or uses. */
  readonly count: <A>(name: string, script: () => Script<A>) => Effect.Effect<A, StoreError>
}

/** Enough for the deadline to come first. */
const maxAttempts = 100

/**
 * @param timeout how many milliseconds a call may take, waiting and repeating included
 * @param record writes changes to their log, within the transaction that makes them
 */
export const makeOperations = (
  database: Database,
  timeout: number,
  record: (connection: Connection, changes: ReadonlyArray<Change>) => Effect.Effect<void, SqlError>
): Operations => {
  const guard = <A, E>(name: string, effect: Effect.Effect<A, E>) =>
    guarded(database, timeout, name, effect) as Effect.Effect<A, Exclude<E, SqlError> | StoreError>
  const { scripts } = database
  return {
    readBy: (name, script) => {
      const reading = database.read((connection) => runScript(connection, script()))
      return scripts === null
        ? guard(name, reading)
        : promptly(database, timeout, name, () => scripts.read(script), reading)
    },
    read: (name, use) => guard(name, database.read(use)),
    change: (name, use) =>
      guard(
        name,
        database.transact("change", (connection) => {
          // Of this attempt: one that is undone told nothing.
          const told: Array<Change> = []
          const made = use(connection, (change) => void told.push(change))
          return Effect.tap(made, () => record(connection, told))
        })
      ),
    count: (name, script) => {
      const counting = database.transact("count", (connection) => runScript(connection, script()))
      return scripts === null
        ? guard(name, counting)
        : promptly(database, timeout, name, () => scripts.count(script), counting)
    }
  }
}

/** One call of a store: repeated while the database undid it, ended at its deadline, and translated. */
export const guarded = <A, E>(
  database: Database,
  timeout: number,
  name: string,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, Exclude<E, SqlError> | StoreError> => {
  const late = () =>
    new StoreError({
      operation: name,
      retryable: true,
      reason: `${database.driver} ${database.waitingFor() ?? "timeout"}`
    })
  return withDeadline(repeatUndone(database, effect), timeout, late).pipe(
    Effect.catchAllCause((cause) => translate(database, name, cause)),
    traced(database, name)
  )
}

/**
 * One call in the database's own way. If it has to be repeated, or would have to wait where that cannot, it goes over a
 * connection, by the same deadline.
 */
const promptly = <A>(
  database: Database,
  timeout: number,
  name: string,
  attempt: () => Effect.Effect<A, SqlError> | null,
  effect: Effect.Effect<A, SqlError>
): Effect.Effect<A, StoreError> =>
  Effect.suspend(() => {
    const prompt = attempt()
    const patiently = (millis: number) => guarded(database, millis, name, effect) as Effect.Effect<A, StoreError>
    if (prompt === null) return patiently(timeout)
    const began = performance.now()
    return Effect.catchAllCause(traced(database, name)(prompt), (cause): Effect.Effect<A, StoreError> => {
      const error = technicalError(cause)
      const again = Option.isSome(error) && database.classify(error.value).undone
      return again
        ? patiently(Math.max(1, timeout - (performance.now() - began)))
        : translate<SqlError>(database, name, cause)
    })
  })

/** @param limited which attempt it is of those that failed with a limit of their own: deadlocks before take none away */
const repeatUndone = <A, E>(
  database: Database,
  effect: Effect.Effect<A, E>,
  attempt = 1,
  limited = 1
): Effect.Effect<A, E> =>
  Effect.catchAllCause(effect, (cause) => {
    const error = technicalError(cause)
    if (Option.isNone(error)) return Effect.failCause(cause)
    const { attempts, undone } = database.classify(error.value)
    if (!undone || attempt >= maxAttempts || limited >= (attempts ?? maxAttempts)) return Effect.failCause(cause)
    const longest = Math.min(100, 5 * 1.5 ** attempt)
    return Effect.flatMap(Random.nextRange(1, longest), pause).pipe(
      Effect.zipRight(repeatUndone(database, effect, attempt + 1, attempts === undefined ? limited : limited + 1))
    )
  })

const isSqlError = (error: unknown): error is SqlError => Predicate.isTagged(error, "SqlError")

/** What broke, unless it is an interruption or an error of the domain. Failures of a commit or of a driver come as defects. */
const technicalError = (cause: Cause.Cause<unknown>): Option.Option<unknown> => {
  if (Cause.isInterrupted(cause)) return Option.none()
  const failure = Cause.failureOption(cause)
  return Option.isSome(failure)
    ? Option.filter(failure, isSqlError)
    : Option.orElse(Cause.dieOption(cause), () => Option.some(undefined))
}

/** Nothing of a driver passes: its messages and the rows in them stay behind. */
const translate = <E>(
  database: Database,
  operation: string,
  cause: Cause.Cause<E>
): Effect.Effect<never, Exclude<E, SqlError> | StoreError> => {
  if (Cause.isInterrupted(cause)) return Effect.interrupt
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure) && !isSqlError(failure.value)) {
    return Effect.fail(failure.value as Exclude<E, SqlError>)
  }
  const { code, retryable } = database.classify(Option.getOrUndefined(technicalError(cause)))
  return Effect.fail(new StoreError({ operation, retryable, reason: `${database.driver} ${code}` }))
}

/** A span where the caller has one: nobody looks for one that hangs on nothing, and it costs more than the statement. */
const traced =
  (database: Database, name: string) =>
  <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiberRuntime((fiber) =>
      Option.isNone(Context.getOption(fiber.currentContext, Tracer.ParentSpan))
        ? effect
        : Effect.withSpan(effect, name, {
            kind: "client",
            captureStackTrace: false,
            attributes: { "db.system.name": database.driver }
          })
    )
