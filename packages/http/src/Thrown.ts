/**
 * Whatever was thrown, as an `Error`. Frameworks take `undefined` and `null` for "go on", and some take a string for the
 * name of a route, or for the answer: what leaves a guard as an error must never be one of these.
 *
 * @since 0.1.0
 */
export const errorOf = (thrown: unknown): Error =>
  isError(thrown) ? thrown : new Error("What was thrown is not an Error", { cause: thrown })

/** By the class, as frameworks tell: an error of another realm, or without a prototype, is none to them. */
const isError = (value: unknown): value is Error => {
  try {
    return value instanceof Error
  } catch {
    // A proxy whose traps throw.
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
