import { ParseResult, Schema } from "effect"
import { isPlainObject } from "./PlainObject.js"
import { isStorable, rule } from "./Rule.js"

/** A value of JSON. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [member: string]: Json }

/**
 * What an application attaches to a key: a JSON object of at most 16 KiB, 1,024 values and depth 16. Equal by
 * value; the order of members is not kept.
 *
 * @since 0.1.0
 */
export interface Metadata {
  readonly [member: string]: Json
}

const maxBytes = 16 * 1024
/** What is short when it is written may be large in memory: an empty list takes 2 bytes there, and some 40 here. */
const maxValues = 1024
const maxDepth = 16

/** Names that reach a prototype where a careless reader assigns members one by one. */
const forbiddenMembers = new Set(["__proto__", "constructor", "prototype"])

const utf8 = new TextEncoder()

class Refusal {
  readonly words: string
  constructor(words: string) {
    this.words = words
  }
}

/** How much more may come. */
interface Budget {
  left: number
  values: number
}

/** Copies a JSON value and freezes the copy; throws a {@link Refusal} at the first rule that it breaks. */
const copy = (value: unknown, depth: number, budget: Budget): Json => {
  // Every value takes a byte at least, so an endless or enormous one ends here before it is walked whole.
  if (--budget.left < 0) throw new Refusal("is over 16 KiB")
  if (depth > 0 && --budget.values < 0) throw new Refusal("holds over 1,024 values")
  switch (typeof value) {
    case "boolean":
      return value
    case "number":
      if (!Number.isFinite(value)) throw new Refusal("holds a number that is not finite")
      return value === 0 ? 0 : value
    case "string":
      return copyText(value, budget)
    case "object": {
      if (value === null) return null
      if (depth >= maxDepth) throw new Refusal("is nested deeper than 16")
      return Array.isArray(value) ? copyArray(value, depth, budget) : copyObject(value, depth, budget)
    }
    default:
      throw new Refusal("holds a value that JSON has no form for")
  }
}

const copyText = (text: string, budget: Budget): string => {
  budget.left -= text.length
  if (budget.left < 0) throw new Refusal("is over 16 KiB")
  if (!isStorable(text)) throw new Refusal("holds NUL or a lone surrogate")
  return text
}

const copyArray = (values: ReadonlyArray<unknown>, depth: number, budget: Budget): Json => {
  const result: Array<Json> = []
  for (let i = 0; i < values.length; i++) result.push(copy(values[i], depth + 1, budget))
  return Object.freeze(result)
}

const copyObject = (value: object, depth: number, budget: Budget): Metadata => {
  if (!isPlainObject(value)) throw new Refusal("holds a value that JSON has no form for")
  const result: Record<string, Json> = {}
  for (const member of Object.keys(value)) {
    if (forbiddenMembers.has(member)) throw new Refusal("holds a member named __proto__, constructor or prototype")
    const name = copyText(member, budget)
    result[name] = copy(value[member], depth + 1, budget)
  }
  return Object.freeze(result)
}

/** A frozen copy of what was given, or the words of the rule that it breaks. */
const copyMetadata = (value: unknown): Metadata | Refusal => {
  try {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return new Refusal("is not a JSON object")
    const metadata = copy(value, 0, { left: maxBytes, values: maxValues }) as Metadata
    return utf8.encode(JSON.stringify(metadata)).length > maxBytes ? new Refusal("is over 16 KiB") : metadata
  } catch (thrown) {
    // A getter or a proxy of the caller's may throw anything; what it threw is not repeated.
    return thrown instanceof Refusal ? thrown : new Refusal("cannot be read")
  }
}

/** What {@link Metadata} makes of a value, at once; `null` where it breaks a rule, which the schema tells. */
export const plainMetadata = (value: unknown): Metadata | null => {
  const metadata = copyMetadata(value)
  return metadata instanceof Refusal ? null : metadata
}

const MetadataFromSelf = Schema.declare((value): value is Metadata => typeof value === "object" && value !== null)

const anything = Schema.Unknown.annotations({
  jsonSchema: { type: "object", description: "A JSON object of at most 16 KiB, 1,024 values and depth 16" }
})

/** Checks metadata and takes a deeply frozen copy, so that no later change by the caller reaches a key. */
export const Metadata = Schema.transformOrFail(anything, MetadataFromSelf, {
  strict: true,
  decode: (value) => {
    const metadata = copyMetadata(value)
    return metadata instanceof Refusal
      ? ParseResult.fail(new ParseResult.Type(Schema.Unknown.annotations(rule(metadata.words)).ast, value))
      : ParseResult.succeed(metadata)
  },
  encode: ParseResult.succeed
})

/** No metadata. */
export const emptyMetadata: Metadata = Object.freeze({})
