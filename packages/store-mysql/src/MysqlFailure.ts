import type { Failure } from "@apikeys/store-sql"
import { Predicate } from "effect"

/** The server undid the transaction, or a lock was not had and we do. */
const undone = new Set([
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_WAIT_TIMEOUT",
  // MariaDB: a row changed since this transaction's snapshot.
  "ER_CHECKREAD",
  // Another member of a cluster came first.
  "ER_TRANSACTION_ROLLBACK_DURING_COMMIT",
  "ER_NEED_REPREPARE"
])

/** Somebody else came first. They had committed, so a second look finds what they did. */
const overtaken = new Set([
  "ER_DUP_ENTRY",
  "ER_ROW_IS_REFERENCED",
  "ER_ROW_IS_REFERENCED_2",
  "ER_NO_REFERENCED_ROW",
  "ER_NO_REFERENCED_ROW_2"
])

/** Enough for any race; what is still in the way then, such as a digest that is taken, stays there. */
const looksAfterOvertaking = 4

/** The server is not the one that it was, or is about to end: nothing better comes over such a connection. */
const parting = new Set([
  // A replica, or a primary that is about to be one: after a failover the same address is another server.
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_READ_ONLY_MODE",
  "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION",
  "ER_SERVER_SHUTDOWN",
  "ER_SERVER_OFFLINE_MODE",
  "ER_CONNECTION_KILLED",
  "ER_CLIENT_INTERACTION_TIMEOUT",
  // Of clusters: a member that has lost the others.
  "ER_UNKNOWN_COM_ERROR",
  "ER_RUN_HOOK_ERROR"
])

/** What may be over by the next call. */
const passing = new Set([
  ...parting,
  "ER_CON_COUNT_ERROR",
  "ER_TOO_MANY_USER_CONNECTIONS",
  "ER_USER_LIMIT_REACHED",
  "ER_QUERY_INTERRUPTED",
  "ER_QUERY_TIMEOUT",
  "ER_STATEMENT_TIMEOUT",
  "ER_DISK_FULL",
  "ER_RECORD_FILE_FULL",
  "ER_OUT_OF_RESOURCES",
  "ER_OUTOFMEMORY",
  "ER_LOCK_TABLE_FULL",
  "ER_MAX_PREPARED_STMT_COUNT_REACHED"
])

/** Codes by which no driver knows them, since newer servers have these numbers. */
const byNumber = new Map([
  [1020, "ER_CHECKREAD"],
  [1213, "ER_LOCK_DEADLOCK"],
  [1205, "ER_LOCK_WAIT_TIMEOUT"],
  [1927, "ER_CONNECTION_KILLED"],
  [1969, "ER_STATEMENT_TIMEOUT"],
  [3024, "ER_QUERY_TIMEOUT"],
  [4031, "ER_CLIENT_INTERACTION_TIMEOUT"]
])

/** Errors of the driver that carry nothing but a message. */
const byMessage = new Map([
  ["Can't add new command when connection is in closed state", "closed"],
  ["Can't write in closed state", "closed"],
  ["Pool is closed.", "closed"],
  ["Queue limit reached.", "POOL_BUSY"],
  ["No connections available.", "POOL_BUSY"],
  ["connection timeout", "ETIMEDOUT"]
])

/** Node's, of sockets and names, and the driver's own of connections. TLS that is refused stays so. */
const ofConnection = /^(closed|POOL_BUSY|PROTOCOL_|E(?!R_|UNKNOWN$)[A-Z]+$|EAI_)/

const driverErrorOf = (error: unknown): unknown =>
  Predicate.isTagged(error, "SqlError") && "cause" in error ? error.cause : error

const codeOf = (error: unknown): string => {
  if (!Predicate.isRecord(error)) return "error"
  const { code, errno, message } = error
  const known = typeof errno === "number" ? byNumber.get(errno) : undefined
  if (known !== undefined) return known
  if (typeof code === "string" && code !== "") return code
  return (typeof message === "string" ? byMessage.get(message) : undefined) ?? nameOf(error)
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "error")

const sqlStateOf = (error: unknown): string | undefined =>
  Predicate.hasProperty(error, "sqlState") && typeof error.sqlState === "string" && /^\w{5}$/.test(error.sqlState)
    ? error.sqlState
    : undefined

/** What an error of the driver means. */
export const classify = (error: unknown): Failure => {
  const cause = driverErrorOf(error)
  const known = codeOf(cause)
  const sqlState = sqlStateOf(cause)
  const code = sqlState === undefined ? known : `${known} ${sqlState}`
  if (overtaken.has(known)) return { code, retryable: false, undone: true, attempts: looksAfterOvertaking }
  const isUndone = undone.has(known)
  return { code, retryable: isUndone || passing.has(known) || ofConnection.test(known), undone: isUndone }
}

/** Whether the connection is of no more use, be it dead or to a server that is not the one that it was. */
export const spoilsConnection = (error: unknown): boolean => {
  const known = codeOf(driverErrorOf(error))
  return parting.has(known) || ofConnection.test(known)
}
