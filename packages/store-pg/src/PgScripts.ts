import type { Query, Script, Scripts } from "@apikeys/store-sql"
import { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Pool, PoolClient, QueryConfig, QueryResult } from "pg"
import { beginning, discard, graceMillis, notCommitted } from "./PgConnections.js"
import { spoilsConnection } from "./PgFailure.js"
import { type Fate, makeStatements, type Statements } from "./PgStatements.js"

type Rows = ReadonlyArray<unknown>

/** Is given what came of statements that were sent together: the error of the first that failed, or what each gave. */
type Answered = (error: unknown, results: ReadonlyArray<QueryResult>) => void

const toSqlError = (cause: unknown): SqlError => new SqlError({ cause, message: "Failed to run a script" })

const late = new SqlError({ cause: { code: "timeout" }, message: "Took too long" })

/** The driver writes each statement by itself, unless its socket is told to gather them. */
interface Corkable {
  readonly connection?: { readonly stream?: { readonly cork: () => void; readonly uncork: () => void } }
}

/**
 * Sends statements without waiting in between; the server runs them in order, and the connection is to pipeline.
 *
 * @param heard is called with each answer
 */
const sendAll = (
  client: PoolClient & Corkable,
  configs: ReadonlyArray<QueryConfig | string>,
  heard: () => void,
  answered: Answered
): void => {
  const results: Array<QueryResult> = []
  let failure: unknown = null
  let answers = 0
  const stream = configs.length > 1 ? client.connection?.stream : undefined
  stream?.cork()
  for (const config of configs) {
    void client.query(config as QueryConfig, (error: unknown, result: QueryResult) => {
      heard()
      if (error) failure ??= error
      else results.push(result)
      if (++answers === configs.length) answered(failure, results)
    })
  }
  stream?.uncork()
}

interface Run<A> {
  readonly pool: Pool
  readonly statements: Statements
  readonly timeout: number
  /** What begins a transaction; `null` for a script outside of one. */
  readonly begin: string | null
  readonly script: () => Script<A>
}

/**
 * Runs a script in plain callbacks, without a fiber or a scope. At its deadline it fails, whatever the connection does; the
 * server then ends by itself what takes too long. A connection is ended where it says nothing for longer than that can
 * take: else it would live on in the server, beside the one that takes its place. Neither that nor an interruption leaves a
 * transaction open on a connection that goes back to the pool, or an answer to come.
 */
const run = <A>({ begin, pool, script, statements, timeout }: Run<A>): Effect.Effect<A, SqlError> =>
  Effect.async<A, SqlError>((resume) => {
    let client: PoolClient | null = null
    /** Nobody waits any more. */
    let isGone = false
    let isKept = statements.areKept()
    /** When the connection was last given something to do, or answered. */
    let heardAt = 0
    const heard = (): void => {
      heardAt = performance.now()
    }
    const send = (on: PoolClient, configs: ReadonlyArray<QueryConfig | string>, answered: Answered): void => {
      heard()
      sendAll(on, configs, heard, answered)
    }
    const watch = (): void => {
      const rest = heardAt + timeout + graceMillis - performance.now()
      if (rest > 0) timer = setTimeout(watch, rest)
      else if (client !== null) discard(client)
    }
    let timer = setTimeout(() => {
      isGone = true
      resume(Effect.fail(late))
      if (client !== null) watch()
    }, timeout)

    /** Gives back the connection before the answer, so that who is answered finds it. */
    const end = (answer: Effect.Effect<A, SqlError>, spoiled = false): void => {
      clearTimeout(timer)
      client?.release(spoiled || statements.isWornOut(client))
      client = null
      if (!isGone) resume(answer)
    }

    const again = (fate: Fate): void => {
      isKept = false
      client?.release(fate === "outdated")
      client = null
      connect()
    }

    /** Nothing of it stays, and the next one who is given the connection finds no transaction open. */
    const undo = (on: PoolClient, then: (spoiled: boolean) => void): void => {
      if (begin === null) return then(false)
      send(on, ["rollback"], (failure) => {
        if (failure !== null) discard(on)
        then(failure !== null)
      })
    }

    const fail = (on: PoolClient, error: unknown): void => {
      if (spoilsConnection(error)) {
        discard(on)
        return end(Effect.fail(toSqlError(error)), true)
      }
      const fate = isKept ? statements.fateOf(error) : null
      undo(on, (spoiled) =>
        fate !== null && !spoiled && !isGone ? again(fate) : end(Effect.fail(toSqlError(error)), spoiled)
      )
    }

    const commit = (on: PoolClient, value: A): void =>
      send(on, ["commit"], (failure, results) => {
        if (failure !== null) return fail(on, failure)
        committed(on, results, value)
      })

    /** A transaction in which a statement failed is rolled back by `commit`, which then reports no error. */
    const committed = (on: PoolClient, results: ReadonlyArray<QueryResult>, value: A): void => {
      const result = results[results.length - 1]
      if (result?.command === "ROLLBACK") fail(on, notCommitted.cause)
      else end(Effect.succeed(value))
    }

    const attempt = (on: PoolClient): void => {
      let isOpen = begin === null
      const generator = script()

      /** A script that throws is one that is wrong, or that was given what it cannot read. */
      const advance = (rows: Rows): IteratorResult<Query, A> | null => {
        try {
          return generator.next(rows)
        } catch (defect) {
          undo(on, (spoiled) => end(Effect.die(defect), spoiled))
          return null
        }
      }

      const ask = (query: Query): void => {
        const group = query.before === undefined ? [query] : [...query.before, query]
        const configs: Array<QueryConfig | string> = group.map((each) => statements.toConfig(each, isKept))
        if (!isOpen && begin !== null) {
          // Were it not begun, what came after would be for good: so nothing goes with it that changes anything.
          if (!group.every(statements.changesNothing)) return open(begin, query)
          configs.unshift(begin)
        }
        const commits = begin !== null && isOpen && query.last === true
        if (commits) configs.push("commit")
        isOpen = true
        const began = performance.now()
        send(on, configs, (failure, results) => {
          if (failure !== null) return fail(on, failure)
          // In a transaction it may have been a lock that took so long.
          if (isKept && begin === null) statements.took(on, performance.now() - began)
          // What was committed is for good, whoever waits for it.
          if (isGone && !commits) return undo(on, (spoiled) => end(Effect.interrupt, spoiled))
          const lists = results.slice(0, commits ? -1 : results.length).map(({ rows }) => rows)
          const next = advance(query.each === true ? lists.slice(-group.length) : (lists.at(-1) ?? []))
          if (next === null) return
          if (next.done !== true) {
            return commits ? end(Effect.dieMessage("a script went on after its last statement")) : ask(next.value)
          }
          if (commits) return committed(on, results, next.value)
          if (begin === null) return end(Effect.succeed(next.value))
          commit(on, next.value)
        })
      }

      const open = (statement: string, query: Query): void =>
        send(on, [statement], (failure) => {
          if (failure !== null) return fail(on, failure)
          isOpen = true
          ask(query)
        })

      const first = advance([])
      if (first === null) return
      if (first.done === true) end(Effect.succeed(first.value))
      else ask(first.value)
    }

    const connect = (): void =>
      pool.connect((error, taken) => {
        if (taken === undefined) return end(Effect.fail(toSqlError(error)))
        client = taken
        if (isGone) end(Effect.interrupt)
        else attempt(taken)
      })

    connect()
    return Effect.sync(() => {
      isGone = true
    })
  })

/** What scripts run over. */
interface ScriptsOptions {
  readonly pool: Pool
  /** How many milliseconds a script may take, waiting for a connection included. */
  readonly timeout: number
  /** Whether the server ends by itself a read that takes longer; else reads run in transactions of their own, where it does. */
  readonly areBounded: () => boolean
}

/**
 * How scripts run over a pool of our own, whose connections pipeline: a charge takes two round trips, its `begin` and its
 * `commit` included.
 */
export const makeScripts = ({ areBounded, pool, timeout }: ScriptsOptions): Scripts => {
  const statements = makeStatements()
  const begin = beginning(timeout)
  return {
    read: (script) => run({ pool, statements, timeout, begin: areBounded() ? null : begin, script }),
    count: (script) => run({ pool, statements, timeout, begin, script })
  }
}
