import { accessSync, constants, statSync } from "node:fs"
import { dirname } from "node:path"
import { StoreError } from "@apikeys/core"
import type { SqlError } from "@effect/sql/SqlError"
import { classify } from "./SqliteFailure.js"

/** Whether a name stands for a database that is in memory, of its one connection. */
export const isInMemory = (filename: string): boolean => filename.trim() === ":memory:"

/** What is wrong with a path, where that can be told. */
const problemOf = (filename: string): string => {
  const has = (path: string, check: (path: string) => unknown): boolean => {
    try {
      return check(path) !== false
    } catch {
      return false
    }
  }
  if (isInMemory(filename)) return ""
  if (!has(dirname(filename), statSync)) return ": its directory does not exist"
  if (has(filename, (path) => statSync(path).isDirectory())) return ": it is a directory"
  if (has(filename, statSync) && !has(filename, (path) => accessSync(path, constants.R_OK | constants.W_OK))) {
    return ": it may not be read and written"
  }
  return has(dirname(filename), (path) => accessSync(path, constants.W_OK)) ? "" : ": its directory may not be written"
}

/** Why a file could not be opened. */
export const openFailure = (filename: string, error: SqlError): StoreError => {
  const { code, retryable } = classify(error)
  // The driver itself refuses a directory that is missing, without a code.
  const known = code.startsWith("SQLITE_") ? code : "SQLITE_CANTOPEN"
  const problem = code === "SQLITE_NOTADB" ? ": it is not a database" : problemOf(filename)
  return new StoreError({
    operation: "open",
    retryable: retryable && problem === "",
    reason: `sqlite ${known}${problem}`
  })
}

/** WAL needs shared memory, which the file systems of networks lack. */
export const noWal = (mode: string) =>
  new StoreError({
    operation: "open",
    retryable: false,
    reason: `sqlite: WAL is not to be had, journal_mode is ${mode}`
  })
