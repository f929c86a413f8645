import { resolve } from "node:path"
import { StoreError } from "@apikeys/core"
import { Effect, type Scope } from "effect"
import { makeSlices, type Slices } from "./EventLoop.js"
import { type FileIdentity, fileIdentityAt, identityAt } from "./FileIdentity.js"
import { isInMemory } from "./OpenFailure.js"
import { openReader, openWriter, type SqliteConnection } from "./SqliteConnection.js"
import type { SqliteSettings } from "./SqliteSettings.js"
import { makeWriter, type SqliteWriter } from "./SqliteWriter.js"

/** How long statements may keep the event loop to themselves; those of a transaction longer, since others wait for its lock. */
const readSliceMillis = 5
const writeSliceMillis = 20

/** A database file that is open. */
export interface OpenFile {
  readonly connection: SqliteConnection
  readonly writer: SqliteWriter
  /** `null` for a database in memory, which has one connection. */
  readonly reader: SqliteConnection | null
  readonly readSlices: Slices
  /** `null` for a database in memory. */
  readonly identity: FileIdentity | null
}

/** The path of a file, wherever the process goes; `null` for a database in memory. */
export const pathOf = (filename: string): string | null => (isInMemory(filename) ? null : resolve(filename.trim()))

const replaced = new StoreError({
  operation: "open",
  retryable: true,
  reason: "sqlite SQLITE_CANTOPEN: it was replaced meanwhile"
})

/** @param mustExist whether a file that is not there is an error; else it is made */
export const openFile = (
  { filename, synchronous, timeout }: SqliteSettings,
  mustExist: boolean
): Effect.Effect<OpenFile, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = pathOf(filename)
    const before = path === null ? null : identityAt(path)
    const name = path ?? filename
    const connection = yield* openWriter(name, mustExist, timeout, makeSlices(writeSliceMillis).take)
    const readSlices = makeSlices(readSliceMillis)
    const reader = path === null ? null : yield* openReader(name, timeout, readSlices.take)
    const identity = path === null ? null : fileIdentityAt(path)
    if (identity !== null && (identity.main === null || (before !== null && before !== identity.main))) {
      return yield* replaced
    }
    return { connection, writer: makeWriter(connection, synchronous), reader, readSlices, identity }
  })
