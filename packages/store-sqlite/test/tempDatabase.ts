import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { StoreError } from "@apikeys/core"
import type { Database } from "@apikeys/store-sql"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { openDatabase } from "../src/SqliteDatabase.js"
import { makeSettings, type SqliteStoreOptions } from "../src/SqliteSettings.js"

const makeTempFolder = (parent: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(parent, "apikeys-sqlite-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )

/** A folder of its own, removed with whatever is in it when the scope closes. */
export const tempFolder = makeTempFolder(tmpdir())

/** The path of a database file that is not there yet. */
export const tempFile = Effect.map(tempFolder, (folder) => join(folder, "test.db"))

/** A path in memory where the system offers that: for tests of time, which a disk that others keep busy would spoil. */
export const tempFileInMemory = Effect.map(makeTempFolder(existsSync("/dev/shm") ? "/dev/shm" : tmpdir()), (folder) =>
  join(folder, "test.db")
)

/** A connection around the store, by the bare driver. */
export const openRaw = (filename: string): Effect.Effect<Sqlite.Database, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Sqlite(filename)),
    (raw) => Effect.sync(() => raw.close())
  )

/** The database of a store, whatever its schema. */
export const openTempDatabase = (
  options: Partial<SqliteStoreOptions> = {}
): Effect.Effect<Database & { readonly filename: string }, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const filename = yield* tempFile
    const database = yield* Effect.flatMap(makeSettings({ filename, ...options }), openDatabase)
    return { ...database, filename }
  }).pipe(Effect.catchTag("InvalidInputError", Effect.die))
