import { Schema } from "effect"
import {
  headOf,
  KeyEnvironment,
  KeyPrefix,
  leastMasked,
  maskedForms,
  maxLength,
  ownHeadOf,
  hint as ownHint
} from "./KeyToken.js"
import { isPlainObject } from "./PlainObject.js"
import { makeRedaction } from "./Redaction.js"
import { consistsOf, isStorable, maxItems, rule } from "./Rule.js"

const digits = "0123456789"
const lower = "abcdefghijklmnopqrstuvwxyz"
const base62 = digits + lower + lower.toUpperCase()

/** Characters of each alphabet that has a name. */
const characters = {
  hex: `${digits}abcdef`,
  base32: `${lower.toUpperCase()}234567`,
  base62,
  base64url: `${base62}_-`
} as const

/** The same, as classes of regular expressions. */
const classes = {
  hex: "0-9a-f",
  base32: "A-Z2-7",
  base62: "0-9A-Za-z",
  base64url: "0-9A-Za-z_\\-"
} as const

/**
 * Of which characters the body of a foreign key is: `hex` in lower case, `base32`, `base62`, `base64url`, or those listed.
 *
 * @since 0.1.0
 */
export type ForeignAlphabet = keyof typeof classes | { readonly characters: string }

/**
 * A form of keys that this library did not issue: a head, to the letter, and a body of so many characters.
 *
 * @since 0.1.0
 */
export interface ForeignKeyForm {
  /** What stands before the body, separator and all: `ghp_`. May be empty. */
  readonly head: string
  readonly alphabet: ForeignAlphabet
  /** How many characters the body has: 16 to 512. */
  readonly length: number
}

/**
 * Which keys a client accepts beside those of its own form: of listed forms, or those for which a predicate gives `true`, at
 * once. A predicate is not asked about an empty text; one that throws or gives no boolean takes nothing, which is logged once.
 *
 * @since 0.1.0
 */
export type AcceptForeignKeys = ReadonlyArray<ForeignKeyForm> | ((text: string) => boolean)

const hintLength = 4

const Alphabet = Schema.Union(
  Schema.Literal("hex", "base32", "base62", "base64url"),
  Schema.Struct({ characters: Schema.String.pipe(Schema.pattern(/^[\x21-\x7E]{2,94}$/)) })
).annotations(rule("is not hex, base32, base62, base64url or { characters } of printable ASCII"))

const Form = Schema.Struct({
  head: Schema.String.annotations(rule("is not a string")).pipe(
    Schema.pattern(/^[\x21-\x7E]{0,64}$/, rule("is not up to 64 characters of printable ASCII"))
  ),
  alphabet: Alphabet,
  length: Schema.Number.annotations(rule("is not a number")).pipe(
    Schema.filter(
      (length) => Number.isInteger(length) && length >= 16 && length <= maxLength,
      rule(`is not a whole number from 16 to ${maxLength}`)
    )
  )
})

const Predicate = Schema.declare((value): value is (text: string) => boolean => typeof value === "function")

/** Forms, or a predicate, as a caller gives them. */
export const AcceptForeignKeysInput: Schema.Schema<AcceptForeignKeys> = Schema.Union(
  Schema.Array(Form).annotations({ ...rule("is not a list of forms"), ...maxItems(100, "has over 100 forms") }),
  Predicate.annotations(rule("is not a list of forms, or a function"))
)

/**
 * The keys of the Python library `apikeys-platform`: `<prefix>_[<environment>_]` and 43 characters of base64url.
 * Throws a `TypeError` where prefix or environment is not of the form that this library's have.
 *
 * @example
 * ```ts
 * acceptForeignKeys: [pythonKeys({ prefix: "sk", environment: "live" })]
 * ```
 *
 * @since 0.1.0
 */
export const pythonKeys = (options: {
  readonly prefix: string
  readonly environment?: string | null | undefined
}): ForeignKeyForm => {
  if (!isPlainObject(options)) throw new TypeError("options is not a plain object")
  const { environment = null, prefix } = options
  if (!Schema.is(KeyPrefix)(prefix)) throw new TypeError("prefix is not that of a key")
  if (environment !== null && !Schema.is(KeyEnvironment)(environment)) {
    throw new TypeError("environment is not that of a key")
  }
  return { head: `${headOf(prefix, environment)}_`, alphabet: "base64url", length: 43 }
}

/** Foreign keys as they are looked at. */
export interface ForeignKeys {
  /** Whether any are accepted. */
  readonly any: boolean
  /**
   * Whether a text is a foreign key to be accepted. A key of this library's own form never is, whatever its head:
   * which of those are accepted is said by their environment.
   */
  readonly accepts: (text: string) => boolean
  /** What is kept of a plaintext, own or foreign, for people to tell keys apart. */
  readonly hint: (plaintext: string) => string
  /** Masks every key in a text, own or foreign. */
  readonly redact: (text: string) => string
  /** Sources of regular expressions, by which a secret scanner finds those that have a head. */
  readonly patterns: ReadonlyArray<string>
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

const charactersOf = (alphabet: ForeignAlphabet): string =>
  typeof alphabet === "string" ? characters[alphabet] : alphabet.characters

const classOf = (alphabet: ForeignAlphabet): string =>
  `[${typeof alphabet === "string" ? classes[alphabet] : escaped(alphabet.characters)}]`

const utf8 = new TextEncoder()

/** Cheapest first: nothing looks at what is too long. A foreign key may hold what takes more than a byte. */
const isOverlong = (text: string): boolean => text.length > maxLength || utf8.encode(text).length > maxLength

/**
 * Asks a predicate of the application's. One that throws, or gives anything else than a boolean, such as a promise, is
 * reported once, and takes nothing.
 */
const makeTakes = (predicate: (text: string) => unknown, report: (mistake: string) => void) => {
  let reported = false
  const refuse = (mistake: string): false => {
    if (!reported) report(mistake)
    reported = true
    return false
  }
  return (text: string): boolean => {
    if (!isStorable(text)) return false
    try {
      const taken = predicate(text)
      if (typeof taken === "boolean") return taken
      // The result is not awaited: a promise that rejects, and that no handler takes, would end the process.
      Promise.resolve(taken).catch(() => undefined)
      return refuse("gave no boolean")
    } catch {
      return refuse("threw")
    }
  }
}

/**
 * The rules of what a client accepts.
 *
 * @param report is called once, with a description of what a predicate did wrong
 * @param heads of its own keys, which it masks as well
 */
export const makeForeignKeys = (
  accepted: AcceptForeignKeys,
  report: (mistake: string) => void = () => undefined,
  heads: Iterable<string> = []
): ForeignKeys => {
  const forms = typeof accepted === "function" ? [] : accepted
  const takes = typeof accepted === "function" ? makeTakes(accepted, report) : null
  const wholes = forms.map(({ alphabet, head, length }) => {
    const characters = new Set(charactersOf(alphabet))
    return {
      head,
      isForm: (text: string): boolean =>
        text.length === head.length + length && text.startsWith(head) && consistsOf(text, characters, head.length)
    }
  })
  // A mistyped key is a secret too, so one that is too long is masked as well, and one that was cut where its head shows it.
  const inText = forms.map(({ alphabet, head, length }) => ({
    head,
    body: classOf(alphabet),
    least: head === "" ? length : leastMasked
  }))

  const accepts = (text: string): boolean => {
    if (text === "" || isOverlong(text) || ownHeadOf(text) !== null) return false
    return takes === null ? wholes.some(({ isForm }) => isForm(text)) : takes(text)
  }

  return {
    any: takes !== null || wholes.length > 0,
    accepts,
    hint: (plaintext) => {
      if (ownHeadOf(plaintext) !== null) return ownHint(plaintext)
      const head = wholes.find(({ isForm }) => isForm(plaintext))?.head ?? ""
      return `${plaintext.slice(0, head.length + hintLength)}…`
    },
    redact: makeRedaction([...inText, ...maskedForms(heads)]),
    patterns: forms
      .filter(({ head }) => head !== "")
      .map(({ alphabet, head, length }) => `${escaped(head)}${classOf(alphabet)}{${length}}`)
  }
}
