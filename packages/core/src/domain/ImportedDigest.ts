import { Either, Encoding, ParseResult, Schema } from "effect"
import { rule } from "./Rule.js"

const digestLength = 32

const text = Schema.optional(Schema.String.annotations(rule("is not a string")))

/** The place of a previous signing secret. */
export const isPlace = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0

const Written = Schema.Struct({
  algorithm: Schema.Literal("hmac-sha256", "sha256").annotations(rule("is not hmac-sha256 or sha256")),
  hex: text,
  base64: text,
  base64url: text,
  previousSecret: Schema.optional(Schema.Unknown.pipe(Schema.filter(isPlace, rule("is not a whole number from 0 on"))))
})

const decoders = {
  hex: Encoding.decodeHex,
  base64: Encoding.decodeBase64,
  base64url: Encoding.decodeBase64Url
} as const

/** Far more than 32 bytes take, so that nothing enormous is decoded. */
const maxWritten = 128

const bytesOf = (written: typeof Written.Type): Uint8Array | null => {
  for (const encoding of ["hex", "base64", "base64url"] as const) {
    const value = written[encoding]
    if (value === undefined) continue
    const bytes = value.length > maxWritten ? null : Either.getOrNull(decoders[encoding](value))
    return bytes?.length === digestLength ? bytes : null
  }
  return null
}

const isWrittenOnce = ({ base64, base64url, hex }: typeof Written.Type): boolean =>
  [hex, base64, base64url].filter((value) => value !== undefined).length === 1

/** A digest as its bytes, and how it was made. */
export interface ImportedDigest {
  readonly algorithm: "hmac-sha256" | "sha256"
  readonly bytes: Uint8Array
  /** The place of the previous signing secret under which it was made; `null` for the current one, or none. */
  readonly previousSecret: number | null
}

const notBytes = Schema.Unknown.annotations(rule(`is not ${digestLength} bytes, written as it says`)).ast

/** A digest as a caller writes it: in hex, base64 or base64url. */
export const ImportedDigestInput = Schema.transformOrFail(
  Written.pipe(Schema.filter(isWrittenOnce, rule("is not one of hex, base64 and base64url"))),
  Schema.declare((value): value is ImportedDigest => typeof value === "object" && value !== null),
  {
    strict: true,
    decode: (written) => {
      const bytes = bytesOf(written)
      return bytes === null
        ? ParseResult.fail(new ParseResult.Type(notBytes, written))
        : ParseResult.succeed({ algorithm: written.algorithm, bytes, previousSecret: written.previousSecret ?? null })
    },
    encode: ({ algorithm, bytes, previousSecret }) =>
      ParseResult.succeed({
        algorithm,
        hex: Encoding.encodeHex(bytes),
        ...(previousSecret !== null && { previousSecret })
      })
  }
)
