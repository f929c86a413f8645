import { crc32 } from "node:zlib"
import { FastCheck } from "effect"

/** The alphabet, written out on its own: what the digits are is part of the format. */
export const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/** A text and its checksum, built without the code under test. */
export const withChecksum = (text: string): string => {
  let rest = crc32(text)
  let digits = ""
  while (digits.length < 6) {
    digits = base62.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return text + digits
}

export const keyOf = (head: string, secret: string): string => withChecksum(`${head}_${secret}`)

const text = (letters: string, minLength: number, maxLength: number) =>
  FastCheck.array(FastCheck.constantFrom(...letters), { minLength, maxLength }).map((all) => all.join(""))

export const secrets = text(base62, 43, 43)

const lower = "abcdefghijklmnopqrstuvwxyz"

export const prefixes = FastCheck.tuple(text(lower, 1, 1), text(`${lower}0123456789_`, 0, 31)).map(([first, rest]) =>
  (first + rest).replace(/_+$/, "")
)

export const environments = FastCheck.tuple(text(lower, 1, 1), text(`${lower}0123456789`, 0, 15)).map(
  ([first, rest]) => first + rest
)

export const heads = FastCheck.oneof(
  prefixes,
  FastCheck.tuple(prefixes, environments).map(([prefix, environment]) => `${prefix}_${environment}`)
)

export const keys = FastCheck.tuple(heads, secrets).map(([head, secret]) => ({
  head,
  secret,
  key: keyOf(head, secret)
}))

/** A source of bytes that gives one sequence over and over. */
export const bytesOf = (...values: ReadonlyArray<number>) => {
  let next = 0
  return (size: number) => Uint8Array.from({ length: size }, () => values[next++ % values.length] as number)
}
