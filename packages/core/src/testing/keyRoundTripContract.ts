import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Metadata } from "../domain/Metadata.js"
import { maxRequests, type RateLimit } from "../domain/RateLimit.js"
import { KeyStore } from "../ports/KeyStore.js"
import { assertSame, type ContractTest } from "./contract.js"
import {
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  type KeyFields,
  makeRateLimit
} from "./fixtures.js"

const firstTime = 0
const lastTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const everyWindow: ReadonlyArray<RateLimit> = [
  ...(["second", "minute", "hour", "day", "month", 1, 90, 1_000_000_000] as const).map((window) =>
    makeRateLimit({ name: `window-${window}`, window })
  ),
  makeRateLimit({ name: "sliding", algorithm: "sliding-window", requests: maxRequests }),
  makeRateLimit({ name: "bucket", algorithm: "token-bucket", requests: 1, burst: maxRequests }),
  makeRateLimit({ name: `A.z_-${"0".repeat(59)}`, requests: 1 })
]

const everyJson: Metadata = {
  "": "an empty name",
  text: "Zażółć gęślą jaźń 日本語 👩‍💻 \u200b \\ \" ' ` % _ $1 ? \n\r\t\b\f\u0001 \u2028 \u{10ffff}",
  "name with . $ [0] \" ' \\ 👩‍💻": true,
  case: 1,
  Case: 2,
  numbers: [0, 1, -1, 0.1, -0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 - 1, -(2 ** 53 - 1), 1 / 3],
  // Databases have integers of their own, of 64 bits, signed or not, or decimals.
  large: [2 ** 53, 2 ** 53 + 2, -(2 ** 60), 2 ** 63 - 1024, 2 ** 63, -(2 ** 63), 2 ** 64, 1e20, 123456789012345680000],
  fractions: [0.1 + 0.2, 4503599627370495.5, 1.7976931348623155e308, 2.2250738585072014e-308, 123456.78901234567],
  looksLikeOther: ["1", "true", "null", "2025-01-01T00:00:00.000Z", "{}", "[]"],
  nothing: null,
  yes: true,
  no: false,
  emptyText: "",
  emptyObject: {},
  emptyArray: [],
  nested: { a: [{ b: [[[], [{}], [null]]] }, { c: { d: { e: { f: [1, "2", false] } } } }] }
}

const roundTrips = (fields: KeyFields) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const { id } = yield* insertOrganization()
    const { digest, key } = yield* insertKey(id, fields)
    assertSame(Option.getOrThrow(yield* keys.find(key.id)), key)
    const [found] = yield* keys.findByDigests([digest.bytes])
    assert.isTrue(found !== undefined && Option.isSome(found))
    if (found !== undefined && Option.isSome(found)) assertSame(found.value.key, key)
  })

/** A key comes back as it went in. */
export const keyRoundTripContract = (test: ContractTest): void => {
  test("keeps every field", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { organization, product, project } = yield* insertLinked
      const { key } = yield* insertKey(organization.id, {
        projectId: project.id,
        productId: product.id,
        name: "Alice's key",
        hint: "my_app_test_ZzZz…",
        scopes: ["read"],
        rateLimits: [makeRateLimit()],
        metadata: { userId: "u_alice" },
        expiresAt: instant(fixtureTime + 1),
        revokedAt: instant(fixtureTime + 2),
        revokedReason: "leaked: 😱",
        disabledAt: instant(fixtureTime + 6),
        disabledReason: "unpaid: 😱",
        useCount: 2 ** 40 + 1,
        lastUsedAt: instant(fixtureTime + 3),
        createdAt: instant(fixtureTime + 4),
        updatedAt: instant(fixtureTime + 5)
      })
      assertSame(Option.getOrThrow(yield* keys.find(key.id)), key)
    }))

  test("keeps a key of which nothing is known but its organization", () =>
    roundTrips({ name: null, scopes: [], rateLimits: [], metadata: {} }))

  test("keeps names of 255 code points of 4 bytes", () => roundTrips({ name: "𝒜".repeat(255) }))

  test("keeps JSON of every shape", () => roundTrips({ metadata: everyJson }))

  test("keeps 16 KiB of JSON, of depth 16", () => {
    let nested: Metadata = { text: "é".repeat(8000) }
    for (let depth = 1; depth < 16; depth++) nested = { nested }
    return roundTrips({ metadata: nested })
  })

  test("gives -0 in JSON back as 0", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { key } = yield* insertKey(id, { metadata: { zero: -0 } })
      assert.deepStrictEqual(Option.getOrThrow(yield* keys.find(key.id)).metadata, { zero: 0 })
    }))

  test("keeps scopes in their order, up to 100 of 128 characters", () =>
    Effect.zipRight(
      roundTrips({ scopes: ["write", "read", "docs:*", "*", "READ", "a,b", "{}", "'", "!#[]^`~"] }),
      roundTrips({ scopes: Array.from({ length: 100 }, (_, i) => `${i}:`.padEnd(128, "x")) })
    ))

  test("keeps rate limits of every form, in their order", () => roundTrips({ rateLimits: everyWindow }))

  for (const [when, millis] of [
    ["the epoch", firstTime],
    ["an odd millisecond", Date.UTC(2024, 1, 29, 23, 59, 59, 999)],
    ["the end of 32-bit seconds", 2 ** 31 * 1000],
    ["the end of 9999", lastTime]
  ] as const) {
    test(`keeps dates to the millisecond: ${when}`, () =>
      roundTrips({
        createdAt: instant(millis),
        updatedAt: instant(millis),
        expiresAt: instant(millis),
        lastUsedAt: instant(millis),
        revokedAt: instant(millis)
      }))
  }

  test("keeps what is stored out of reach of what a caller holds", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const fields = {
        scopes: ["read"],
        rateLimits: [{ ...makeRateLimit() }],
        metadata: { nested: { list: [1] as Array<number> } }
      }
      const { digest, key } = yield* insertKey(id, fields)
      const expected = structuredClone({ scopes: key.scopes, rateLimits: key.rateLimits, metadata: key.metadata })
      const bytes = digest.bytes.slice()
      fields.scopes.push("admin")
      Object.assign(fields.rateLimits[0] ?? {}, { requests: 999 })
      fields.metadata.nested.list.push(2)
      digest.bytes.fill(0)
      for (let i = 0; i < 2; i++) {
        const [found] = yield* keys.findByDigests([bytes])
        const held = Option.getOrThrow(found ?? Option.none())
        const { metadata, rateLimits, scopes } = held.key
        assert.deepStrictEqual({ scopes, rateLimits, metadata }, expected)
        assert.deepStrictEqual([...held.digest], [...bytes])
        tamper(() => (scopes as Array<string>).push("admin"))
        tamper(() => Object.assign(rateLimits[0] ?? {}, { requests: 999 }))
        tamper(() => Object.assign((metadata as typeof fields.metadata).nested, { more: true }))
        tamper(() => held.digest.fill(0))
        tamper(() => Object.assign(held.key, { name: "Mallory" }))
        tamper(() => Object.assign(held.key.createdAt, { epochMillis: 0 }))
      }
      const { createdAt, name } = Option.getOrThrow(yield* keys.find(key.id))
      assert.deepStrictEqual([name, createdAt.epochMillis], [key.name, key.createdAt.epochMillis])
    }))
}

/** Tries a change; a frozen object refuses it, which is as good. */
const tamper = (change: () => unknown): void => {
  try {
    change()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
}
