import type { Failure } from "@apikeys/store-sql"
import { Predicate } from "effect"

/** Everything was undone, by the server's own word: nothing stands in the way of trying again at once. */
const undone = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03" // lock_not_available: lock_timeout
])

/** Somebody else came first. They had committed, so a second look finds what they did. */
const overtaken = new Set([
  "23503", // foreign_key_violation
  "23505" // unique_violation
])

/** Enough for any race; what is still in the way then, such as a digest that is taken, stays there. */
const looksAfterOvertaking = 4

/** What may be over by the next call, by SQLSTATE or by its class. */
const passing = new Set([
  "08", // connection exceptions
  "25006", // read_only_sql_transaction: a standby, until the pool finds the new primary
  "25P03", // idle_in_transaction_session_timeout
  "40", // transaction rollback
  "53", // insufficient resources: connections, memory, disk
  "55006", // object_in_use
  "57", // operator intervention: shutdown, crash, cancelled statement
  "58" // system error: input and output
])

/** Of sockets and of names. */
const network = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOBUFS",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT"
])

/**
 * A pooler that lends connections for one statement has no code of its own: it says that the connection is lost, and would
 * go on to do so.
 */
const refusesTransactions = /^transaction blocks not allowed in statement pooling mode/

/** What the driver says in words alone. */
const spoken: ReadonlyArray<readonly [words: RegExp, code: string]> = [
  [/^timeout exceeded when trying to connect|due to connection timeout|^Connection timed out$/, "pool_timeout"],
  [/^Connection terminated|is not queryable$|^timeout expired$/, "connection_lost"],
  [/^Cannot use a pool after calling end/, "closed"],
  [/does not support SSL/, "ssl_unsupported"],
  [/^SASL: /, "authentication_failed"]
]

/** `timeout` is our own: the deadline of a script. */
const passingByName = new Set(["connection_lost", "pool_timeout", "timeout"])

const driverErrorOf = (error: unknown): unknown =>
  Predicate.isTagged(error, "SqlError") && "cause" in error ? error.cause : error

const codeOf = (error: unknown): string => {
  const message = Predicate.hasProperty(error, "message") ? String(error.message) : ""
  if (refusesTransactions.test(message)) return "statement_pooling"
  if (Predicate.hasProperty(error, "code") && typeof error.code === "string") return error.code
  if (!(error instanceof Error)) return "error"
  return spoken.find(([words]) => words.test(message))?.[1] ?? error.name
}

const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code)

/** What an error of the driver means. */
export const classify = (error: unknown): Failure => {
  const code = codeOf(driverErrorOf(error))
  if (overtaken.has(code)) return { code, retryable: false, undone: true, attempts: looksAfterOvertaking }
  const retryable =
    network.has(code) ||
    passingByName.has(code) ||
    (isSqlState(code) && (passing.has(code) || passing.has(code.slice(0, 2))))
  return { code, retryable, undone: undone.has(code) }
}

/** The server is not the one that it was, or says so as the last thing. */
const parting = new Set([
  "25006", // read_only_sql_transaction
  "25P03", // idle_in_transaction_session_timeout
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P04", // database_dropped
  "57P05", // idle_session_timeout
  "connection_lost",
  "statement_pooling"
])

/** Whether the connection is of no more use, be it dead or to a server that is not the one that it was. */
export const spoilsConnection = (error: unknown): boolean => {
  const { code } = classify(error)
  return parting.has(code) || network.has(code) || code.startsWith("08")
}
