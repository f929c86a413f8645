import { Input } from "@apikeys/core"

export const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

/** Whether a value has none but these members, and each keeps its rule where it is given. */
export const hasMembers = (value: unknown, rules: Readonly<Record<string, (member: unknown) => boolean>>): boolean =>
  Input.isPlainObject(value) &&
  Object.entries(value).every(([name, member]) => {
    const holds = Object.hasOwn(rules, name) ? rules[name] : undefined
    return holds !== undefined && (member === undefined || holds(member))
  })
