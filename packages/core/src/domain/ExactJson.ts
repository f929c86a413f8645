import { InvalidInputError } from "./Errors.js"
import { pathOf } from "./Input.js"

/** Strings, so that what they hold is passed over, and numbers. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs

/** As many digits as tell every double from every other. */
const doubleDigits = 17

/**
 * The digits of a decimal numeral without the zeros around them, which a shift of the point would take away. A regular
 * expression would look for the end at each zero of a long row.
 */
const significant = (numeral: string): string => {
  const digits = numeral.replace(/[eE].*|[-.]/gs, "")
  let start = 0
  let end = digits.length
  while (digits[start] === "0") start++
  while (end > start && digits[end - 1] === "0") end--
  return digits.slice(start, end)
}

/**
 * Whether a JavaScript number has the value of a numeral: an integer to the unit, a fraction as closely as any double. Above
 * 2^53 a point or an exponent may hide an integer, of which the digits have to be those that the number has.
 */
const isExact = (numeral: string): boolean => {
  const number = Number(numeral)
  if (/^-?\d+$/.test(numeral)) return Number.isSafeInteger(number)
  const digits = significant(numeral)
  if (!Number.isFinite(number) || (number === 0 && digits !== "")) return false
  const isShort = digits.length <= doubleDigits && Math.abs(number) <= Number.MAX_SAFE_INTEGER
  return isShort || digits === significant(String(number))
}

/** Where the same text was read in two ways. */
interface Place {
  readonly member: string
  readonly parent: Place | null
  readonly one: unknown
  readonly other: unknown
}

const memberPath = (place: Place): string => {
  const members: Array<string> = []
  for (let at = place; at.parent !== null; at = at.parent) members.unshift(at.member)
  return pathOf(members)
}

/** The paths of the values that differ. The readings have the same members; nested however deep, they need no stack. */
const differences = (one: unknown, other: unknown, most: number): ReadonlyArray<string> => {
  const found: Array<string> = []
  const left: Array<Place> = [{ member: "", parent: null, one, other }]
  for (let place = left.pop(); place !== undefined && found.length < most; place = left.pop()) {
    if (typeof place.one === "object" && place.one !== null) {
      const others = place.other as Readonly<Record<string, unknown>>
      for (const [member, value] of Object.entries(place.one).reverse()) {
        left.push({ member, parent: place, one: value, other: others[member] })
      }
    } else if (place.one !== place.other) found.push(memberPath(place))
  }
  return found
}

const maxIssues = 50

/**
 * Parses JSON like `JSON.parse`, but changes no number in silence: where a JavaScript number cannot hold one exactly,
 * such as an integer above 2^53, it throws an {@link InvalidInputError} that names its path, or, with
 * `inexactNumbers: "text"`, returns the text of the number instead. Throws a `SyntaxError` where the text is not JSON.
 *
 * @example
 * ```ts
 * Input.parseJson('{"accountId": 123456789012345678}', { inexactNumbers: "text" }) // { accountId: "123456789012345678" }
 * ```
 *
 * @since 0.1.0
 */
export const parseJson = (
  text: string,
  { inexactNumbers = "refuse" }: { readonly inexactNumbers?: "refuse" | "text" } = {}
): unknown => {
  const value: unknown = JSON.parse(text)
  let inexact = 0
  const exactText = text.replace(tokens, (token) => {
    if (token.startsWith('"') || isExact(token)) return token
    inexact++
    return `"${token}"`
  })
  if (inexact === 0) return value
  const exact: unknown = JSON.parse(exactText)
  if (inexactNumbers === "text") return exact
  const rule = "is a number that JavaScript cannot hold exactly, give it as a text"
  throw new InvalidInputError({ issues: differences(exact, value, maxIssues).map((path) => ({ path, rule })) })
}
