import { Cause, Encoding, Redacted } from "effect"

/** Bounds what is rendered of values that hold half the program. */
const limits = { depth: 16, parts: 50_000 }

/**
 * Everything that a value could show in any rendering, as text: members of any kind, causes, stacks, what it
 * turns into as text or as JSON. A `Redacted` shows nothing.
 */
export const renderDeep = (value: unknown): string => {
  const parts: Array<string> = []
  visit(value, parts, new Set(), 0)
  return parts.join("\n")
}

const visit = (shown: unknown, parts: Array<string>, seen: Set<object>, depth: number): void => {
  if (parts.length > limits.parts) return
  // Effect hands errors on in proxies, through which a `Map` or an `Error` cannot be read.
  const value: unknown = Cause.originalError(shown)
  if (typeof value !== "object" || value === null) {
    if (typeof value !== "function") parts.push(String(value))
    return
  }
  if (seen.has(value) || depth > limits.depth) return
  seen.add(value)
  if (Redacted.isRedacted(value)) return
  if (ArrayBuffer.isView(value)) {
    parts.push(Encoding.encodeHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)))
    return
  }
  parts.push(...asText(value))
  for (const member of membersOf(value)) visit(member, parts, seen, depth + 1)
}

/** What a value shows where it is turned into text as a whole. */
const asText = (value: object): ReadonlyArray<string> => {
  const attempts: ReadonlyArray<() => unknown> = [
    () => (Cause.isCause(value) ? Cause.pretty(value, { renderErrorCause: true }) : undefined),
    () => (value instanceof Error ? `${value.name} ${value.message} ${value.stack}` : undefined),
    () => (Array.isArray(value) ? undefined : String(value)),
    () => JSON.stringify(value)
  ]
  return attempts.flatMap((attempt) => {
    try {
      const text = attempt()
      return typeof text === "string" ? [text] : []
    } catch {
      // What cannot be turned into text this way shows nothing this way.
      return []
    }
  })
}

const membersOf = (value: object): ReadonlyArray<unknown> => {
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return [...value]
  return Reflect.ownKeys(value).flatMap((key) => {
    try {
      return [String(key), Reflect.get(value, key)]
    } catch {
      return [String(key)]
    }
  })
}
