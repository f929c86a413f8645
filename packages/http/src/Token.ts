/** Whether a value is a token of RFC 9110, section 5.6.2, such as the name of a field or of a scheme. */
export const isToken = (value: unknown): value is string =>
  typeof value === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value)
