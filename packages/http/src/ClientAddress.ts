import { createHash } from "node:crypto"

/**
 * What one client is taken to hold of the address space: an IPv4 address, or the /64 of an IPv6 address, since that is
 * what a single subscriber gets. An IPv4 address that is mapped into IPv6 (RFC 4291, section 2.5.5.2) is itself. A port,
 * which some proxies add, changes with each connection, and is left out.
 *
 * @param address as the framework gives it, which may be what a proxy forwarded: what is no address is hashed. All
 *   callers without one are one client
 * @since 0.1.0
 */
export const clientNetwork = (address: string | undefined): string => {
  if (address === undefined || address === "") return "none"
  return (address.length <= maxLength ? networkOf(address) : null) ?? `sha256:${digestOf(address)}`
}

/** Longer than any address with its zone and port. */
const maxLength = 128

/** Of a fixed size, and no slice of a header, which would keep all of it in memory. */
const digestOf = (text: string): string => createHash("sha256").update(text).digest("base64url")

const networkOf = (address: string): string | null => {
  const bare = withoutPort(address)
  if (!bare.includes(":")) return ipv4Of(bare)
  const groups = groupsOf(bare)
  if (groups === null) return null
  if (isMappedIPv4(groups)) return ipv4OfGroups(groups)
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`
}

/** `203.0.113.67:40001`, `[2001:db8::1]:40001` and `[2001:db8::1]` without port and brackets (RFC 3986, section 3.2.2). */
const withoutPort = (address: string): string =>
  /^\[([^[\]]*)\](?::\d{1,5})?$/.exec(address)?.[1] ?? /^(?:::ffff:)?([\d.]+):\d{1,5}$/i.exec(address)?.[1] ?? address

const ipv4Of = (address: string): string | null => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number)
  return parts?.every((part) => part <= 255) === true ? parts.join(".") : null
}

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

const ipv4OfGroups = (groups: ReadonlyArray<number>): string =>
  groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".")
