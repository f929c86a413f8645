import { StoreError } from "@apikeys/core"
import type { Failure } from "@apikeys/store-sql"
import { Predicate } from "effect"

/** Locks that were not had: SQLite did nothing, or undid it. */
const locked = new Set(["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"])

/** What may be over by the next call: a full disk, too many open files, a device that failed. */
const passing = new Set(["SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_CANTOPEN", "SQLITE_INTERRUPT"])

/** Another file took the place of the one that was written to: the next call goes to that one. */
export const movedCode = "SQLITE_READONLY_DBMOVED"

const driverErrorOf = (error: unknown): unknown =>
  Predicate.isTagged(error, "SqlError") && "cause" in error ? error.cause : error

const codeOf = (error: unknown): string => {
  if (Predicate.hasProperty(error, "code") && typeof error.code === "string") return error.code
  if (error instanceof TypeError && error.message === "The database connection is not open") return "closed"
  return error instanceof Error ? error.name : "error"
}

/** Of `SQLITE_BUSY_SNAPSHOT`: `SQLITE_BUSY`. */
const primaryOf = (code: string): string => code.split("_", 2).join("_")

/** What an error of the driver means. */
export const classify = (error: unknown): Failure => {
  const cause = driverErrorOf(error)
  if (cause instanceof StoreError) {
    return { code: cause.reason.replace(/^sqlite /, ""), retryable: cause.retryable, undone: false }
  }
  const code = codeOf(cause)
  const undone = locked.has(primaryOf(code))
  return { code, retryable: undone || passing.has(primaryOf(code)) || code === movedCode, undone }
}
