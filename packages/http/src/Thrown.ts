/**
 * Whatever was thrown, as an `Error`. Frameworks take `undefined` and `null` for "go on", and some take a string for the
 * name of a route, or for the answer: what leaves a guard as an error must never be one of these.
 *
 * @since 0.1.0
 */
export const errorOf = (thrown: unknown): Error => {
  const readable = isReadable(thrown)
  if (readable && thrown instanceof Error) return thrown
  const type = thrown === null ? "null" : typeof thrown
  return new Error(`What was thrown is not an Error, but ${type}`, readable ? { cause: thrown } : {})
}

/** What frameworks and loggers read of an error. */
const members = ["name", "message", "stack", "cause", "code", "status", "statusCode", "headers", "expose", "validation"]

/**
 * Whether whoever handles an error can read it: a proxy with traps that throw, for instance, would throw again in their
 * hands. An error is one by its class, as frameworks tell: one of another realm, or without a prototype, is none to them.
 */
const isReadable = (thrown: unknown): boolean => {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null) return true
  try {
    void (thrown instanceof Error)
    for (const name of members) void (thrown as Record<string, unknown>)[name]
    return true
  } catch {
    return false
  }
}

/**
 * Hears the end of what a function of the application gave, where that is a promise: a rejection that nothing handles
 * ends the process.
 *
 * @since 0.1.0
 */
export const hearOut = (given: unknown, rejected: (thrown: unknown) => void = () => undefined): void => {
  if ((typeof given !== "object" && typeof given !== "function") || given === null) return
  // By the constructor: `Promise.resolve` reads members of what it is given, which may throw.
  new Promise((resolve) => resolve(given)).then(undefined, rejected)
}
