/**
 * Whether a prototype is the `Object.prototype` of another realm: literals that a test makes in a context of `vm`, as Jest
 * has them, or a page in a frame, are plain too. It ends its chain, and has what every `Object.prototype` has.
 */
const isForeignObjectPrototype = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null &&
  Object.hasOwn(prototype, "hasOwnProperty") &&
  Object.hasOwn(prototype, "isPrototypeOf") &&
  Object.hasOwn(prototype, "constructor")

/**
 * Whether a value is an object as a literal makes it. All others, such as instances of classes, maps, promises, and what
 * inherits its members from an object of defaults, have little or nothing of their own to read: to take one for options
 * is to take it for options that ask for nothing.
 *
 * @since 0.1.0
 */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return isForeignObjectPrototype(prototype as object)
}
