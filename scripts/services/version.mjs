/**
 * Whether a version is the older one, number by number.
 *
 * @param {string} version
 * @param {string} than
 */
export const isOlder = (version, than) => {
  const numbers = version.split(".").map(Number)
  const others = than.split(".").map(Number)
  const index = others.findIndex((other, at) => (numbers[at] ?? 0) !== other)
  return index >= 0 && (numbers[index] ?? 0) < (others[index] ?? 0)
}
