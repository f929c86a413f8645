import { Instant } from "@apikeys/core"
import type { ColumnEncoders, Columns } from "@apikeys/store-sql"
import { DateTime, Schema } from "effect"

/**
 * What the driver gives is decided by parsers that the application may have replaced for all of its clients, so
 * each form is taken that it has in use: a date may come as such, or as the server wrote it, with its offset.
 */
const toInstant = (value: unknown): Instant =>
  DateTime.unsafeMake(typeof value === "string" ? Date.parse(toIso(value)) : Number(value))

/** Of `2026-01-02 03:04:05.678+05:30`, the offset of which may also be `+05`. */
const toIso = (written: string): string => written.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")

const toBytes = (value: unknown): Uint8Array => {
  if (typeof value === "string") return new Uint8Array(Buffer.from(value.replace(/^\\x/, ""), "hex"))
  return new Uint8Array(value as Uint8Array)
}

/** Null is no value, but the want of one. */
const given = Schema.declare((value): value is {} => value !== null && value !== undefined)

const column = <A>(type: Schema.Schema<A>, decode: (value: unknown) => A, encode: (value: A) => {}) =>
  Schema.transform(given, type, { strict: true, decode, encode })

const encode = {
  id: (id) => id,
  instant: (epochMillis) => new Date(epochMillis).toISOString(),
  json: (value) => JSON.stringify(value),
  bytes: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
} satisfies ColumnEncoders

/** How the driver gives and takes values. What it is given it passes on as text, whose type the server knows. */
export const columns: Columns = {
  encode,
  id: Schema.String,
  instant: column(Schema.typeSchema(Instant), toInstant, (instant) => encode.instant(instant.epochMillis)),
  json: column(Schema.Unknown, (value) => (typeof value === "string" ? JSON.parse(value) : value), encode.json),
  bytes: column(Schema.Uint8ArrayFromSelf, toBytes, encode.bytes),
  // `bigint` comes as text.
  integer: column(Schema.Number, Number, (integer) => integer)
}
