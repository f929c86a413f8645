import { Schema } from "effect"
import { checksum } from "./Checksum.js"
import { type MaskedForm, makeRedaction } from "./Redaction.js"
import { consistsOf, rule } from "./Rule.js"

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const secretLength = 43
const checksumLength = 6
const bodyLength = secretLength + checksumLength
const hintLength = 4

/** Anything longer is refused before it is looked at, let alone hashed. Bytes and characters are one: keys are ASCII. */
export const maxLength = 512

/** 1 to 32 of `a-z 0-9 _`, beginning with a letter and not ending in `_`. */
export const KeyPrefix = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.pattern(
    /^(?!.*_$)[a-z][a-z0-9_]{0,31}$/,
    rule("is not 1 to 32 of a-z 0-9 _, beginning with a letter and not ending in _")
  )
)

/** 1 to 16 of `a-z 0-9`, beginning with a letter: `live`, `test`. */
export const KeyEnvironment = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.pattern(/^[a-z][a-z0-9]{0,15}$/, rule("is not 1 to 16 of a-z 0-9, beginning with a letter"))
)

const headPattern = /^[a-z](?:[a-z0-9_]{0,30}[a-z0-9])?(?:_[a-z][a-z0-9]{0,15})?$/

const letters = "abcdefghijklmnopqrstuvwxyz"
const headCharacters = new Set(`${letters}0123456789_`)
const bodyCharacters = new Set(alphabet)

/** What {@link headPattern} says, of what may be a part of a plaintext. */
const isHead = (text: string): boolean => {
  const split = text.length <= 32 ? text.length : text.lastIndexOf("_")
  const environment = text.slice(split + 1)
  return (
    split >= 1 &&
    split <= 32 &&
    consistsOf(text, headCharacters) &&
    letters.includes(text.charAt(0)) &&
    text.charAt(split - 1) !== "_" &&
    (split === text.length ||
      (environment.length <= 16 && environment !== "" && letters.includes(environment.charAt(0))))
  )
}

/** What stands before a key's last `_`: the prefix, and the environment if there is one. */
export const KeyHead = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.pattern(headPattern, rule("is not the head of a key: a prefix, or a prefix, _ and an environment"))
)

/** The head of the keys that a deployment issues. */
export const headOf = (prefix: string, environment: string | null): string =>
  environment === null ? prefix : `${prefix}_${environment}`

/**
 * Whether the heads of two deployments' keys could be told from another vendor's: `sk_live_` and its like
 * are claimed by secret scanners.
 */
export const looksLikeAnotherVendor = (head: string): boolean => /^[spr]k_(live|test)$/.test(head)

/**
 * Draws a secret of 43 base62 characters, 256 bits. Bytes from 248 up are thrown away, so that every character
 * is equally likely.
 */
const drawSecret = (random: (size: number) => Uint8Array): string => {
  let secret = ""
  while (secret.length < secretLength) {
    for (const byte of random(64)) {
      if (byte < 248 && secret.length < secretLength) secret += alphabet[byte % 62]
    }
  }
  return secret
}

/**
 * Makes a new plaintext key: `<head>_<secret><checksum>`.
 *
 * @param random gives that many bytes of a cryptographic source
 * @since 0.1.0
 */
export const issue = (head: string, random: (size: number) => Uint8Array): string => {
  const unchecked = `${head}_${drawSecret(random)}`
  return unchecked + checksum(unchecked)
}

/**
 * Whether a text has the form of a key of one of these heads: length, alphabet, head and checksum. Needs no
 * secret and no store; says nothing of whether the key was ever issued.
 *
 * @since 0.1.0
 */
export const isWellFormed = (text: string, heads: ReadonlySet<string>): boolean => {
  const split = splitOf(text)
  return split > 0 && heads.has(text.slice(0, split)) && hasChecksum(text, split)
}

/** The head of a text that has the form of this library's keys, whoever issued it; `null` for any other. */
export const ownHeadOf = (text: string): string | null => {
  const split = splitOf(text)
  const head = text.slice(0, Math.max(0, split))
  return isHead(head) && hasChecksum(text, split) ? head : null
}

/** Where the `_` before a body of the right length stands; less than 1 where there is none. */
const splitOf = (text: string): number => {
  if (text.length > maxLength) return 0
  const split = text.length - bodyLength - 1
  return text[split] === "_" ? split : 0
}

const hasChecksum = (text: string, split: number): boolean =>
  consistsOf(text, bodyCharacters, split + 1) &&
  checksum(text.slice(0, -checksumLength)) === text.slice(-checksumLength)

/** What is kept of a plaintext for people to tell keys apart: its head and 4 characters. */
export const hint = (plaintext: string): string => `${plaintext.slice(0, plaintext.lastIndexOf("_") + 1 + hintLength)}…`

const base62 = "[0-9A-Za-z]"

/**
 * Whatever follows a head and may be a secret. The checksum is not looked at, since a mistyped key is a secret too;
 * nor need it be there, since anybody can compute it.
 */
const ofAnyHead: MaskedForm = { head: "_", body: base62, least: secretLength }

/** What is left of a key that was cut: after a head that is known, as much as anybody could complete. */
export const leastMasked = 16

/** The forms in which the keys of these heads are masked, and those of any other. */
export const maskedForms = (heads: Iterable<string>): ReadonlyArray<MaskedForm> => [
  ...[...heads].map((head) => ({ head: `${head}_`, body: base62, least: leastMasked })),
  ofAnyHead
]

/**
 * Masks every key in a text, such as a log line, of whatever head; what is left of each is its hint. `redact` of a client
 * also masks those of its own heads that were cut.
 *
 * @since 0.1.0
 */
export const redact: (text: string) => string = makeRedaction(maskedForms([]))

/**
 * The regular expression by which a secret scanner finds keys of these heads. It looks neither ahead nor behind, so
 * that RE2 takes it too.
 *
 * @param foreign further expressions, of keys of other forms
 * @since 0.1.0
 */
export const scannerPattern = (heads: Iterable<string>, foreign: ReadonlyArray<string> = []): RegExp => {
  const own = `\\b(?:${[...heads].join("|")})_[0-9A-Za-z]{${bodyLength}}\\b`
  return new RegExp(foreign.length === 0 ? own : `(?:${[own, ...foreign].join("|")})`, "g")
}
