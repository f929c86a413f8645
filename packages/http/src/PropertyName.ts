/** What requests have of frameworks and of Node, and guards read. */
const taken = new Set(
  "body cookies headers headersDistinct id ip ips log method originalUrl params query raw rawHeaders server socket url".split(
    " "
  )
)

/**
 * Whether a request may have its key under this name: an identifier, and no member of requests that guards read.
 *
 * @since 0.1.0
 */
export const isPropertyName = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length <= 64 &&
  /^[A-Za-z_$][\w$]*$/.test(value) &&
  !(value in Object.prototype) &&
  !taken.has(value)
