import { Input, type InvalidInputError } from "@apikeys/core"

/** A rule of an option, and the words in which a value is refused. */
export interface OptionRule {
  readonly holds: (value: unknown) => boolean
  readonly rule: string
}

/** The rules of all options that there are. */
export type OptionRules = { readonly [option: string]: OptionRule }

/**
 * What is wrong with the options of a store. An option that is `undefined` is one that is left out.
 *
 * @param prefix stands before the name of each, such as `pool.`
 * @since 0.1.0
 */
export const optionIssues = (options: unknown, rules: OptionRules, prefix = ""): InvalidInputError["issues"] => {
  if (!Input.isPlainObject(options)) {
    const isObject = typeof options === "object" && options !== null
    return [{ path: prefix.replace(/\.$/, ""), rule: `is not ${isObject ? "a plain" : "an"} object` }]
  }
  return Object.entries(options).flatMap(([option, value]) => {
    if (value === undefined) return []
    const path = prefix + Input.shownName(option)
    const known = Object.hasOwn(rules, option) ? rules[option] : undefined
    if (known === undefined) return [{ path, rule: "is not a known field" }]
    return known.holds(value) ? [] : [{ path, rule: known.rule }]
  })
}
