/**
 * What one client is taken to hold of the address space: an IPv4 address, or the /64 of an IPv6 address, since that is
 * what a single subscriber gets. An IPv4 address that is mapped into IPv6 (RFC 4291, section 2.5.5.2) is itself.
 *
 * @param address as the framework gives it; what is no address is taken as it is
 * @since 0.1.0
 */
export const clientNetwork = (address: string): string => {
  const groups = address.includes(":") ? groupsOf(address) : null
  if (groups === null) return address.slice(0, maxLength)
  if (isMappedIPv4(groups)) return ipv4Of(groups)
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`
}

/** Longer than any address: a proxy that is trusted may still forward nonsense. */
const maxLength = 64

/** The eight groups of an IPv6 address, whose zone (`%eth0`) says nothing of the client. */
const groupsOf = (address: string): ReadonlyArray<number> | null => {
  const [bare = ""] = address.split("%", 1)
  const halves = withoutDots(bare).split("::")
  if (halves.length > 2) return null
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return groups.map((group) => Number.parseInt(group, 16))
}

/** Writes the IPv4 address that may end an IPv6 address (RFC 4291, section 2.2) as two groups. */
const withoutDots = (address: string): string =>
  address.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_, ...parts) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })

const isMappedIPv4 = (groups: ReadonlyArray<number>): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)

const ipv4Of = (groups: ReadonlyArray<number>): string =>
  groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".")
