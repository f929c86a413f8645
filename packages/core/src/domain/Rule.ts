import { Schema } from "effect"

/** Key of the annotation that tells a caller, in words, which rule a value broke. */
const RuleAnnotation = Symbol.for("@apikeys/core/Rule")

/**
 * Annotations that give a schema the words in which it is refused, "is blank" for instance.
 *
 * @param jsonSchema what JSON Schema can say of the rule, for documents that are made of the schema
 */
export const rule = (words: string, jsonSchema?: object) => ({
  [RuleAnnotation]: words,
  ...(jsonSchema !== undefined && { jsonSchema })
})

/** The words given by {@link rule}, where there are any. */
export const ruleOf = (annotated: { readonly annotations: Readonly<Record<symbol, unknown>> }): string | undefined => {
  const words = annotated.annotations[RuleAnnotation]
  return typeof words === "string" ? words : undefined
}

/**
 * Whether a text consists of some characters. A plaintext is never given to a regular expression, which would remember it in
 * `RegExp.input`.
 */
export const consistsOf = (text: string, characters: ReadonlySet<string>, from = 0): boolean => {
  for (let i = from; i < text.length; i++) if (!characters.has(text.charAt(i))) return false
  return true
}

/** Whether no half of a pair of surrogates stands alone in a text. */
export const isWellFormedText = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0xd800 || code > 0xdfff) continue
    const next = text.charCodeAt(++i)
    if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false
  }
  return true
}

const UndefinedRuleAnnotation = Symbol.for("@apikeys/core/UndefinedRule")

/** Annotations that give a union words of their own for `undefined`. */
export const undefinedRule = (words: string) => ({ [UndefinedRuleAnnotation]: words })

/** The words given by {@link undefinedRule}, where there are any. */
export const undefinedRuleOf = (annotated: {
  readonly annotations: Readonly<Record<symbol, unknown>>
}): string | undefined => annotated.annotations[UndefinedRuleAnnotation] as string | undefined

const MaxItemsAnnotation = Symbol.for("@apikeys/core/MaxItems")

/** How many items a list has at most, and the words in which a longer one is refused before any item is looked at. */
interface MaxItems {
  readonly length: number
  readonly words: string
}

/** Annotations that bound a list: see {@link MaxItems}. */
export const maxItems = (length: number, words: string) => ({ [MaxItemsAnnotation]: { length, words } })

/** The bound given by {@link maxItems}, where there is one. */
export const maxItemsOf = (annotated: {
  readonly annotations: Readonly<Record<symbol, unknown>>
}): MaxItems | undefined => annotated.annotations[MaxItemsAnnotation] as MaxItems | undefined

const controls = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

const everyControl = new RegExp(controls, "gu")

/** Whether a text holds what a log or a terminal obeys: line breaks, escape sequences, changes of direction. */
export const hasControls = (text: string): boolean => controls.test(text)

/** A text that is quoted in a message, with every control character escaped. */
export const escapeControls = (text: string): string =>
  hasControls(text)
    ? text.replace(everyControl, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : text

/** Shorter than any secret. */
const maxName = 40

/**
 * The name that a caller gave a field, as it may be told. A longer one may be a value, or a secret, and is not told.
 *
 * @since 0.1.0
 */
export const shownName = (name: string): string => (name.length > maxName ? "…" : escapeControls(name))

/** Whether a text can be stored by every database: no NUL, no lone surrogate. */
export const isStorable = (text: string): boolean => !text.includes("\0") && isWellFormedText(text)

/** How many code points a text has. */
export const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

/** Text for people: trimmed, 1 to 255 code points, without control characters or lone surrogates. */
export const ShortText = Schema.String.annotations(rule("is not a string")).pipe(
  // Cheap bound first: what is far too long is neither trimmed nor counted.
  Schema.filter((text) => text.length <= 4096, rule("is over 255 characters", { minLength: 1, maxLength: 255 })),
  // Before the transformation: of what was stored by a version that took them, the type says nothing.
  Schema.filter(
    (text) => !isStorable(text) || !hasControls(text.trim()),
    rule("holds a control character or one that changes the direction of text")
  ),
  Schema.transform(Schema.String, { strict: true, decode: (text) => text.trim(), encode: (text) => text }),
  Schema.filter((text) => text.length > 0, rule("is blank")),
  Schema.filter((text) => text.length <= 255 || codePoints(text) <= 255, rule("is over 255 characters")),
  Schema.filter(isStorable, rule("holds NUL or a lone surrogate"))
)
