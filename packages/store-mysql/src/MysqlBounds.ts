import type { Connection } from "@effect/sql/SqlConnection"

/** Of a server's own account of time, which goes by whole seconds and looks once in each. */
const wholeSeconds = (millis: number): number => Math.max(1, Math.ceil(millis / 1000))

/** Beyond what the server allows a statement, so that it ends by itself what takes too long. */
const graceMillis = 1500

/** After how many milliseconds the server must have ended a statement that may take so long. */
export const overdueMillis = (millis: number): number => wholeSeconds(millis) * 1000 + graceMillis

/** What a session does while a transaction of ours has it. */
export interface SessionBounds {
  /** Sets it, before the transaction. */
  readonly enter: string
  /** Sets it back, after the transaction, as one more statement. */
  readonly leave: string
}

/** Of both products, and what MariaDB has beside. */
const variables = ["lock_wait_timeout", "innodb_lock_wait_timeout", "wait_timeout", "sql_safe_updates"] as const
const ofMariaDb = "max_statement_time"

const listed = (write: (variable: string) => string): string =>
  `${variables.map(write).join(", ")} /*M!100300 , ${write(ofMariaDb)} */`

/**
 * The server ends by itself what waits longer for a lock than a call may take, and a transaction whose process stands
 * still: else its locks would stop all others. Statements that name no key are what they are.
 *
 * @param isOurs whether nobody else uses the sessions; else they are left as they were
 */
export const makeBounds = (millis: number, isOurs: boolean): SessionBounds => {
  const seconds = wholeSeconds(millis)
  const set = `set session ${listed((variable) => `${variable} = ${variable === "sql_safe_updates" ? 0 : seconds}`)}`
  if (isOurs) return { enter: set, leave: "set session wait_timeout = default" }
  return {
    enter: `set ${listed((variable) => `@apikeys_${variable} = @@session.${variable}`)}; ${set}`,
    leave: `set session ${listed((variable) => `${variable} = @apikeys_${variable}`)}`
  }
}

/** Reads that the server ends by itself after so long: each product is told in a way that is a comment to the other. */
export const bounded = (connection: Connection, millis: number): Connection => {
  const start = `/*M!100300 set statement max_statement_time = ${millis / 1000} for */ select /*+ max_execution_time(${Math.ceil(millis)}) */`
  const bound = (sql: string): string => sql.replace(/^\s*select\b/i, start)
  return {
    execute: (sql, ...rest) => connection.execute(bound(sql), ...rest),
    executeRaw: (sql, ...rest) => connection.executeRaw(bound(sql), ...rest),
    executeStream: (sql, ...rest) => connection.executeStream(bound(sql), ...rest),
    executeValues: (sql, ...rest) => connection.executeValues(bound(sql), ...rest),
    executeUnprepared: (sql, ...rest) => connection.executeUnprepared(bound(sql), ...rest)
  }
}
