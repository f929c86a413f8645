import { Instant, type StoreError } from "@apikeys/core"
import { type ColumnEncoders, type Columns, type Database, runScriptNow, SchemaVersion } from "@apikeys/store-sql"
import { makeCompilerSqlite } from "@effect/sql/Statement"
import { DateTime, Effect, Schema, type Scope } from "effect"
import { inSlice } from "./EventLoop.js"
import { isInMemory } from "./OpenFailure.js"
import { attempt, pragma, type SqliteConnection } from "./SqliteConnection.js"
import { classify } from "./SqliteFailure.js"
import type { OpenFile } from "./SqliteFile.js"
import { openPlace, type Place } from "./SqlitePlace.js"
import { nowMillis, schema } from "./SqliteSchema.js"
import type { SqliteSettings } from "./SqliteSettings.js"

const encode = {
  id: (id) => id,
  instant: (epochMillis) => epochMillis,
  json: (value) => JSON.stringify(value),
  bytes: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
} satisfies ColumnEncoders

const columns: Columns = {
  encode,
  id: Schema.String,
  instant: Schema.transform(Schema.Number, Schema.typeSchema(Instant), {
    strict: true,
    decode: (millis) => DateTime.unsafeMake(millis),
    encode: (instant) => instant.epochMillis
  }),
  json: Schema.parseJson(),
  bytes: Schema.transform(Schema.Uint8ArrayFromSelf, Schema.Uint8ArrayFromSelf, {
    strict: true,
    // The driver gives Buffers.
    decode: (buffer) => new Uint8Array(buffer),
    encode: encode.bytes
  }),
  integer: Schema.Number
}

/** A database as the queries see it, of the file that is at its place whenever it is asked. */
const describe = (place: Place, inMemory: boolean): Database => ({
  driver: "sqlite",
  compiler: makeCompilerSqlite(),
  tablePrefix: "",
  columns,
  nowMillis,
  rowLocks: { share: "", update: "" },
  affected: (connection, sql, params) => (connection as SqliteConnection).affected(sql, params),
  read: (use) =>
    Effect.flatMap(place.file, ({ reader, writer }) => (reader === null ? writer.between(use) : use(reader))),
  scripts: {
    read: (script) => {
      const file = place.now()
      // In memory, a read may have to wait for a transaction.
      const reader = file?.reader ?? null
      return file === null || reader === null
        ? null
        : inSlice(
            file.readSlices,
            attempt(() => runScriptNow(script(), reader.query))
          )
    },
    count: (script) => place.now()?.writer.count(script) ?? null
  },
  transact: (durability, use) =>
    durability === "count"
      ? Effect.flatMap(place.file, ({ writer }) => writer.transact(durability, use))
      : Effect.flatMap(place.fresh, (file) =>
          Effect.zipLeft(file.writer.transact(durability, use), place.confirm(file))
        ),
  classify,
  waitingFor: () => place.now()?.writer.waitingFor() ?? null,
  signals: {
    channel: null,
    // It tells of what other connections committed, our own writer among them; in memory there is no other.
    version: inMemory
      ? null
      : Effect.flatMap(place.fresh, ({ reader, writer }) =>
          reader === null
            ? writer.between(() => Effect.succeed(null))
            : Effect.map(pragma(reader, "data_version"), ([row]) => `${place.replacements()} ${row.data_version}`)
        ),
    replacements: place.replacements,
    listen: null
  },
  schema: {
    ...schema,
    migrateAlone: (use) => Effect.flatMap(place.file, ({ writer }) => writer.transact("change", use))
  }
})

/** A file that stays where it is for as long as this takes. */
const placeOf = (file: OpenFile): Place => ({
  now: () => file,
  file: Effect.succeed(file),
  fresh: Effect.succeed(file),
  confirm: () => Effect.void,
  replacements: () => 0
})

/** Opens a database file, whatever the state of its schema. That of a file which takes its place later is looked after then. */
export const openDatabase = (settings: SqliteSettings): Effect.Effect<Database, StoreError, Scope.Scope> => {
  const inMemory = isInMemory(settings.filename)
  const prepare = (file: OpenFile) => {
    const database = describe(placeOf(file), inMemory)
    return settings.migrate ? SchemaVersion.migrate(database) : SchemaVersion.check(database, settings.timeout)
  }
  return Effect.map(openPlace(settings, prepare), (place) => describe(place, inMemory))
}
