import { Encoding, Schema } from "effect"
import { v7 } from "uuid"
import { rule } from "./Rule.js"

const uuid = Schema.String.annotations(rule("is not a UUID")).pipe(
  Schema.pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, rule("is not a UUID"))
)

/** Which organization: a UUID in lower case. */
export const OrganizationId = uuid.pipe(Schema.brand("OrganizationId"))
export type OrganizationId = typeof OrganizationId.Type

/** Which project: a UUID in lower case. */
export const ProjectId = uuid.pipe(Schema.brand("ProjectId"))
export type ProjectId = typeof ProjectId.Type

/** Which product: a UUID in lower case. */
export const ProductId = uuid.pipe(Schema.brand("ProductId"))
export type ProductId = typeof ProductId.Type

/** Which key: a UUID in lower case. It is no secret, unlike the plaintext. */
export const KeyId = uuid.pipe(Schema.brand("KeyId"))
export type KeyId = typeof KeyId.Type

/** An id as a caller writes it: any UUID, in either case. */
export const idInput = <A extends string, I extends string>(id: Schema.Schema<A, I>) =>
  Schema.compose(
    Schema.transform(
      Schema.String.annotations(rule("is not a UUID")).pipe(
        Schema.filter((text) => text.length === 36, rule("is not a UUID"))
      ),
      Schema.String,
      { strict: true, decode: (text) => text.toLowerCase(), encode: (text) => text }
    ),
    id,
    { strict: false }
  )

/**
 * Makes UUIDs of version 7 (RFC 9562, section 5.7) that ascend in the order in which one process asked for
 * them, also within a millisecond and while the clock stands or runs backwards: ids alone tell the order of creation.
 *
 * @param random gives that many random bytes
 */
export const makeIdSequence = (random: (size: number) => Uint8Array) => {
  let last = 0
  let sequence = 0
  return (millis: number): string => {
    if (millis > last) {
      last = millis
      // The upper bits stay clear, so that a busy millisecond has room to count up.
      sequence = new DataView(random(4).slice().buffer).getUint32(0) >>> 4
    } else {
      sequence++
    }
    return v7({ msecs: last, seq: sequence, random: random(16) })
  }
}

/** A UUID of version 8 (RFC 9562, section 5.8) made of the first 16 of these bytes. */
export const uuidOf = (bytes: Uint8Array): string => {
  const own = bytes.slice(0, 16)
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x80
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80
  const hex = Encoding.encodeHex(own)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}
