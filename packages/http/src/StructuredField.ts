/**
 * A string or an integer, and its parameters: the part of RFC 9651 that rate-limit fields need.
 *
 * @since 0.1.0
 */
export interface StructuredItem {
  readonly value: string | number
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | number]>
}

/** The largest integer of RFC 9651, section 3.3.1. */
export const maxInteger = 999_999_999_999_999

/** RFC 9651, sections 4.1.4, 4.1.6 and 4.1.10. */
const serializeBare = (value: string | number | Date): string => {
  if (value instanceof Date) return `@${serializeBare(Math.floor(value.getTime() / 1000))}`
  if (typeof value === "number") {
    if (!Number.isInteger(value) || Math.abs(value) > maxInteger) throw new RangeError("Not an integer of RFC 9651")
    return String(value)
  }
  if (!/^[\x20-\x7E]*$/.test(value)) throw new RangeError("Not a string of RFC 9651")
  return `"${value.replace(/[\\"]/g, "\\$&")}"`
}

/** RFC 9651, section 4.1.3. Names of parameters come from this package alone, and are keys of the RFC. */
const serializeItem = ({ parameters, value }: StructuredItem): string =>
  serializeBare(value) + serializeParameters(parameters)

/**
 * Parameters of an item, RFC 9651, section 4.1.1.2.
 *
 * @throws RangeError where the RFC has no form for a value
 */
export const serializeParameters = (parameters: StructuredItem["parameters"]): string => {
  let text = ""
  for (const [name, parameter] of parameters) text += `;${name}=${serializeBare(parameter)}`
  return text
}

/**
 * A list of items, RFC 9651, section 4.1.1.
 *
 * @throws RangeError where the RFC has no form for a value
 * @since 0.1.0
 */
export const serializeList = (items: ReadonlyArray<StructuredItem>): string => items.map(serializeItem).join(", ")

/**
 * A dictionary of integers and dates, RFC 9651, section 4.1.2. Dates are told in whole seconds, rounded down.
 *
 * @throws RangeError where the RFC has no form for a value
 * @since 0.1.0
 */
export const serializeDictionary = (members: ReadonlyArray<readonly [name: string, value: number | Date]>): string =>
  members.map(([name, value]) => `${name}=${serializeBare(value)}`).join(", ")
