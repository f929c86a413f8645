import type { Json } from "../../domain/Metadata.js"
import type { KeyRecord } from "./KeyRecord.js"

/** What a record takes with its entry, its ids and its times. */
const recordBytes = 600

const limitBytes = 160

/** About what a value takes in memory. Rounded up: of text that is not Latin, a character takes two bytes. */
const bytesOf = (value: Json): number => {
  switch (typeof value) {
    case "string":
      return 24 + 2 * value.length
    case "number":
      return 16
    case "object":
      return value === null ? 8 : Array.isArray(value) ? bytesOfList(value) : bytesOfObject(value as object)
    default:
      return 8
  }
}

const bytesOfList = (values: ReadonlyArray<Json>): number => {
  let bytes = 64
  for (const value of values) bytes += 8 + bytesOf(value)
  return bytes
}

const bytesOfObject = (value: object): number => {
  let bytes = 64
  for (const [member, each] of Object.entries(value) as ReadonlyArray<[string, Json]>) {
    bytes += 64 + 2 * member.length + bytesOf(each)
  }
  return bytes
}

/** About how many bytes of memory a record takes. Scopes and limits count as if no other key had the same. */
export const bytesOfRecord = ({
  metadata,
  name,
  rateLimits,
  scopes
}: Pick<KeyRecord, "metadata" | "name" | "rateLimits" | "scopes">): number =>
  scopes.reduce((bytes, scope) => bytes + bytesOf(scope), recordBytes) +
  limitBytes * rateLimits.length +
  bytesOf(name) +
  bytesOf(metadata)
