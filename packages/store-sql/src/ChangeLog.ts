import { type Change, KeyId, OrganizationId } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schema } from "effect"
import type { Database } from "./Database.js"
import { type Dialect, inPowersOfTwo } from "./Dialect.js"

/** How long a change is kept for those who were away. */
export const keptMillis = 5 * 60_000

/** One record in so many also forgets what is no longer needed, and so does the first. */
const pruneEvery = 64

/** As many changes as are written in one statement. */
const maxWritten = 128

/** As many changes as are told one by one: to forget everything is cheaper than more of them. */
const maxTold = 1000

/**
 * A change that was seen. A number alone does not name it: where a backup or a replica takes the place of the database, another
 * one has the same number.
 */
export interface Seen {
  readonly number: number
  /** Drawn by who wrote the change. */
  readonly mark: string
}

/** What was committed after a change that was seen. */
export interface News {
  /** The last change there is. */
  readonly last: Seen
  readonly changes: ReadonlyArray<Change>
  /** Whether there was more than these, or the change that was seen is none of this database. */
  readonly missed: boolean
}

/** The log of changes: written by whoever makes one, and read by every process. */
export interface ChangeLog {
  /**
   * Writes changes, as the last statements of the transaction that makes them. Their numbers come of one row that is
   * held from here until the commit, so that the order of numbers is the order of commits: nobody who has read a
   * number can find a lower one later.
   */
  readonly append: (connection: Connection, changes: ReadonlyArray<Change>) => Effect.Effect<void, SqlError>
  /** @param seen up to which everything is known; `null`: nobody knows anything yet, so there is no news */
  readonly readAfter: (connection: Connection, seen: Seen | null) => Effect.Effect<News, SqlError>
}

export const makeChangeLog = ({ signals }: Database, dialect: Dialect): ChangeLog => {
  const { nowMillis, run, sql, tables } = dialect
  const decodeRow = Schema.decodeUnknownSync(dialect.rows.Change)
  const isTheOne = sql`where id = 1`
  let records = 0

  const idOf = (change: Change) => (change._tag === "Tenants" ? null : dialect.id(change.id))

  /** Before the row of the numbers is held. */
  const prune = (connection: Connection) =>
    run(connection, sql`delete from ${tables.changes} where recorded_at < ${nowMillis} - ${keptMillis}`)

  /** In this order, since MySQL sets one after another. Whoever reads on from a change knows it by its mark in the one after. */
  const takeOf = (count: number) => sql`
    update ${tables.changeSequence} set last_sequence = last_sequence + ${count},
      previous_mark = last_mark, last_mark = ${crypto.randomUUID()} ${isTheOne}`

  /** Takes so many numbers, and gives the last of them, and the mark of the change before the first. */
  const takeNumbers = Effect.fnUntraced(function* (connection: Connection, count: number) {
    const take = takeOf(count)
    const last = sql`last_sequence, previous_mark`
    const [row] = yield* sql.onDialectOrElse({
      mysql: () =>
        Effect.zipRight(
          run(connection, take),
          run(connection, sql`select ${last} from ${tables.changeSequence} ${isTheOne}`)
        ),
      orElse: () => run(connection, sql`${take} returning ${last}`)
    })
    if (row === undefined) return yield* Effect.dieMessage("the row that numbers changes is missing")
    const { last_sequence, previous_mark } = row as { readonly last_sequence: unknown; readonly previous_mark: string }
    return { last: Number(last_sequence), previousMark: previous_mark }
  })

  const columns = sql.literal("sequence, what, id, recorded_at, previous_mark")

  const write = Effect.fnUntraced(function* (connection: Connection, changes: ReadonlyArray<Change>) {
    const { last, previousMark } = yield* takeNumbers(connection, changes.length)
    const first = last - changes.length + 1
    const rows = changes.map(
      (change, i) => sql`(${first + i}, ${change._tag}, ${idOf(change)}, ${nowMillis}, ${previousMark})`
    )
    yield* run(connection, sql`insert into ${tables.changes} (${columns}) values ${sql.join(", ", false)(rows)}`)
  })

  /** In one round trip, with the announcement, that goes out with the commit. */
  const writeAndAnnounce = (channel: string) => (connection: Connection, changes: ReadonlyArray<Change>) => {
    const rows = changes.map(
      (change, i) => sql`(${changes.length - 1 - i}::bigint, ${change._tag}, ${idOf(change)}::uuid)`
    )
    const statement = sql`
      with numbered as (
        ${takeOf(changes.length)} returning last_sequence, previous_mark
      ), recorded as (
        insert into ${tables.changes} (${columns})
        select n.last_sequence - c.back, c.what, c.id, ${nowMillis}, n.previous_mark
        from numbered n, (values ${sql.join(", ", false)(rows)}) as c (back, what, id)
        returning sequence
      )
      select count(*) as recorded, pg_notify(${sql.literal(channel)}, 'changed') from recorded`
    return Effect.flatMap(run(connection, statement), ([row]) =>
      Number((row as { readonly recorded: unknown }).recorded) === changes.length
        ? Effect.void
        : Effect.dieMessage("the row that numbers changes is missing")
    )
  }

  const writeSome = signals.channel === null ? write : writeAndAnnounce(signals.channel)

  const append = Effect.fnUntraced(function* (connection: Connection, changes: ReadonlyArray<Change>) {
    if (changes.length === 0) return
    if (records++ % pruneEvery === 0) yield* prune(connection)
    for (const piece of inPowersOfTwo(changes, maxWritten)) yield* writeSome(connection, piece)
  })

  const decode = (row: unknown): Change | null => {
    const { id, what } = decodeRow(row)
    switch (what) {
      case "Key":
        return id === null ? null : { _tag: what, id: KeyId.make(id) }
      case "KeysOfOrganization":
        return id === null ? null : { _tag: what, id: OrganizationId.make(id) }
      case "Tenants":
        return { _tag: what }
      default:
        // Of a newer version: whatever it is, it can be of anything.
        return null
    }
  }

  /** One statement, so that both tables are of one moment. */
  const readAfter = (connection: Connection, seen: Seen | null) => {
    const statement = sql`
      select s.last_sequence, s.last_mark, c.sequence, c.what, c.id, c.previous_mark from ${tables.changeSequence} s
      left join ${tables.changes} c on c.sequence > ${seen?.number ?? Number.MAX_SAFE_INTEGER}
      where s.id = 1 order by c.sequence limit ${maxTold}`
    return Effect.flatMap(run(connection, statement), (rows) => {
      const [first] = rows as ReadonlyArray<LogRow>
      if (first === undefined) return Effect.dieMessage("the row that numbers changes is missing")
      const last = { number: Number(first.last_sequence), mark: first.last_mark }
      const told = first.sequence === null ? [] : rows.map(decode)
      const changes = told.filter((change) => change !== null)
      const missed = seen !== null && !(changes.length === last.number - seen.number && follows(seen, first))
      return Effect.succeed<News>({ last, changes: missed ? [] : changes, missed })
    })
  }

  return { append, readAfter }
}

/** A row of what {@link ChangeLog.readAfter} reads: the last change there is, and one that was not seen, if any. */
interface LogRow {
  readonly last_sequence: unknown
  readonly last_mark: string
  readonly sequence: unknown
  readonly previous_mark: string | null
}

/** Whether a change that was seen is the one before what was read, and not another one of its number. */
const follows = ({ mark }: Seen, { last_mark, previous_mark, sequence }: LogRow): boolean =>
  mark === (sequence === null ? last_mark : previous_mark)
