import { Instant, type StoreError } from "@apikeys/core"
import { type ColumnEncoders, type Columns, type Database, runScriptNow } from "@apikeys/store-sql"
import { makeCompilerSqlite } from "@effect/sql/Statement"
import { DateTime, Effect, Schema, type Scope } from "effect"
import { inSlice, makeSlices } from "./EventLoop.js"
import { isInMemory } from "./OpenFailure.js"
import { attempt, openReader, openWriter, pragma } from "./SqliteConnection.js"
import { classify } from "./SqliteFailure.js"
import { nowMillis, schema } from "./SqliteSchema.js"
import type { SqliteSettings } from "./SqliteSettings.js"
import { makeWriter } from "./SqliteWriter.js"

/** How long statements may keep the event loop to themselves; those of a transaction longer, since others wait for its lock. */
const readSliceMillis = 5
const writeSliceMillis = 20

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

/** Opens a database file, whatever the state of its schema. */
export const openDatabase = ({
  filename,
  synchronous,
  timeout
}: SqliteSettings): Effect.Effect<Database, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* openWriter(filename, timeout, makeSlices(writeSliceMillis).take)
    const writer = makeWriter(connection, synchronous)
    const readSlices = makeSlices(readSliceMillis)
    const reader = isInMemory(filename) ? null : yield* openReader(filename, timeout, readSlices.take)
    return {
      driver: "sqlite",
      compiler: makeCompilerSqlite(),
      tablePrefix: "",
      columns,
      nowMillis,
      rowLocks: { share: "", update: "" },
      affected: (_, sql, params) => connection.affected(sql, params),
      read: reader === null ? writer.between : (use) => Effect.suspend(() => use(reader)),
      scripts: {
        // In memory, a read may have to wait for a transaction.
        read: (script) =>
          reader === null
            ? null
            : inSlice(
                readSlices,
                attempt(() => runScriptNow(script(), reader.query))
              ),
        count: writer.count
      },
      transact: writer.transact,
      classify,
      waitingFor: writer.waitingFor,
      signals: {
        channel: null,
        // It tells of what other connections committed, our own writer among them; in memory there is no other.
        version: reader === null ? null : Effect.map(pragma(reader, "data_version"), ([row]) => row.data_version),
        listen: null
      },
      schema: { ...schema, migrateAlone: (use) => writer.transact("change", use) }
    }
  })
