import { StoreError } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect, Either, Schema } from "effect"
import { columns } from "./PgColumns.js"

const oldestVersion = 150_000

/** A date that reads differently wherever a zone or the order of day and month is mistaken. */
const probe = Date.UTC(2026, 1, 3, 4, 5, 6, 789)

interface Answer {
  readonly version: unknown
  readonly encoding: unknown
  readonly isolation: unknown
  readonly instant: unknown
  readonly millis: unknown
}

const question = `select current_setting('server_version_num') as version,
  current_setting('server_encoding') as encoding,
  current_setting('transaction_isolation') as isolation,
  $1::timestamptz(3) as instant,
  (extract(epoch from $1::timestamptz(3)) * 1000)::bigint as millis`

/** What is wrong with a server or with the client's settings for it, so that the store would not be right on it. */
const problemOf = ({ encoding, instant, isolation, millis, version }: Answer): string | null => {
  if (Number(version) < oldestVersion) return `server is of version ${Number(version)}, this needs ${oldestVersion}`
  if (encoding !== "UTF8") return `the database's encoding is ${String(encoding)}, this needs UTF8`
  if (isolation !== "read committed") return `transactions are ${String(isolation)}, this needs read committed`
  const read = Either.try(() => Schema.decodeUnknownSync(columns.instant)(instant).epochMillis)
  if (Number(millis) !== probe || !Either.isRight(read) || read.right !== probe) {
    return "times do not come back as they were given: look at DateStyle, TimeZone and the client's type parsers"
  }
  return null
}

/** Fails unless what the queries rely on holds in a transaction of this connection. */
export const checkServer = (connection: Connection) =>
  Effect.gen(function* () {
    const [row] = yield* connection.execute(question, [new Date(probe).toISOString()], undefined)
    const problem = problemOf(row as Answer)
    if (problem !== null) {
      return yield* new StoreError({ operation: "open", retryable: false, reason: `pg: ${problem}` })
    }
  })
