import { BlockList, SocketAddress } from "node:net"
import { FastCheck as fc } from "effect"
import { assert, describe, it } from "vitest"
import { clientNetwork } from "../src/index.js"

describe("clientNetwork", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:0::/64"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::FFFF:cb00:7109", "203.0.113.9"],
    ["64:ff9b::203.0.113.9", "64:ff9b:0:0::/64"],
    ["203.0.113.67:40001", "203.0.113.67"],
    ["::ffff:203.0.113.67:40001", "203.0.113.67"],
    ["[2001:db8::1]:40001", "2001:db8:0:0::/64"],
    ["[2001:db8::1]", "2001:db8:0:0::/64"],
    ["[::ffff:203.0.113.9]:443", "203.0.113.9"],
    ["[fe80::1%eth0]:1", "fe80:0:0:0::/64"],
    ["", "none"],
    [undefined, "none"]
  ])("of %j is %j", (address, network) => {
    assert.strictEqual(clientNetwork(address), network)
  })

  it.each([
    "unknown",
    "none",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "g::1",
    "203.0.113.256",
    "203.0.113",
    "203.0.113.9:port",
    "203.0.113.9:400011",
    "[2001:db8::1",
    "[[2001:db8::1]]",
    "x".repeat(100_000),
    ":".repeat(1000)
  ])("keeps of %.20j, which is no address, a hash alone", (address) => {
    assert.match(clientNetwork(address), /^sha256:[\w-]{43}$/)
    assert.strictEqual(clientNetwork(address), clientNetwork(address))
    assert.notStrictEqual(clientNetwork(address), clientNetwork(`${address}x`))
  })

  it("agrees with Node about which addresses share a /64", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
        const canonical = new SocketAddress({ address: one, family: "ipv6" }).address
        assert.strictEqual(clientNetwork(one), clientNetwork(canonical), "in every spelling")
        if (!clientNetwork(one).endsWith("/64")) return
        const subnet = new BlockList()
        subnet.addSubnet(one, 64, "ipv6")
        assert.strictEqual(clientNetwork(one) === clientNetwork(other), subnet.check(other, "ipv6"))
      })
    )
  })
})
