import { describe, expect, it } from "vitest"
import { headsOf } from "../src/heads.js"
import { idOf, type OldKey } from "../src/source/oldRows.js"
import { toImport } from "../src/toImport.js"
import { optionsOf } from "./migrationSuite.js"

const place = { kind: "sqlite", filename: "unused.db" } as const
const row = (metadata: unknown, others: Partial<OldKey> = {}): OldKey => ({
  id: "40000001-0000-4000-8000-000000000000",
  organizationId: "10000001-0000-4000-8000-000000000000",
  projectId: null,
  productId: null,
  keyPrefix: "AbCdEfGh",
  keyHash: "00".repeat(32),
  metadata: typeof metadata === "string" ? metadata : JSON.stringify(metadata),
  revokedAt: null,
  lastUsedAt: null,
  useCount: 0,
  createdAt: "2024-01-02T00:00:00Z",
  projectOwner: null,
  productOwner: null,
  unlinked: 0,
  ...others
})

const convert = (old: OldKey, others: Parameters<typeof optionsOf>[2] = {}) => {
  const options = optionsOf(place, place, others)
  return toImport(old, options, headsOf(options, [old.keyPrefix]))
}

const converted = (...args: Parameters<typeof convert>) => {
  const outcome = convert(...args)
  if (typeof outcome === "string") throw new Error(outcome)
  return outcome
}

describe("toImport", () => {
  it.each([
    ["auto", null, { rate_limit: 60 }, "sha256"],
    ["auto", null, { rate_limit: { requests: 60, window: "minute" } }, "hmac-sha256"],
    ["auto", null, {}, "hmac-sha256"],
    ["auto", "2024-01-02T00:00:01Z", {}, "sha256"],
    ["auto", "2024-01-02T00:00:00Z", {}, "hmac-sha256"],
    ["auto", "2024-01-02T00:00:01Z", { rate_limit: { requests: 60, window: "minute" } }, "sha256"],
    ["hmac", "2024-01-02T00:00:01Z", { rate_limit: 60 }, "hmac-sha256"],
    ["sha256", null, {}, "sha256"]
  ] as const)("takes digests (%s, upgraded at %s) of %j for %s", (digests, upgradedAt, metadata, algorithm) => {
    const options = { digests, upgradedAt: upgradedAt === null ? null : new Date(upgradedAt) }
    const { digest } = converted(row(metadata), options).key
    const keyed = algorithm === "hmac-sha256" && { previousSecret: 0 }
    expect(digest).toEqual({ algorithm, hex: "00".repeat(32), ...keyed })
  })

  it("is unsure of keys without a limit, unless it was told", () => {
    expect(converted(row({})).notes).toEqual([{ finding: "unsure", words: null }])
    expect(converted(row({}), { digests: "hmac" }).notes).toEqual([])
    expect(converted(row({}), { upgradedAt: new Date(0) }).notes).toEqual([])
  })

  it("says what shows that a key is of 0.1", () => {
    const words = (...args: Parameters<typeof convert>) => converted(...args).notes.map((note) => note.words)
    expect(words(row({ rate_limit: 60 }))).toEqual(["of 0.1: 60 a minute, a SHA-256 digest"])
    expect(words(row({ rate_limit: 60 }), { digests: "hmac" })).toEqual(["of 0.1: 60 a minute"])
    expect(words(row({}), { digests: "sha256" })).toEqual(["of 0.1: a SHA-256 digest"])
  })

  it.each([
    ["second", "second"],
    ["day", "day"],
    ["month", "month"],
    [30, 30]
  ])("keeps a window of %s", (window, kept) => {
    expect(converted(row({ rate_limit: { requests: 5, window } })).key.rateLimits).toEqual([
      { requests: 5, window: kept }
    ])
  })

  it.each([
    ["{", "its metadata is not JSON"],
    ['{"custom": {"n": NaN}}', "its metadata is not JSON"],
    ["[1]", "its metadata is not an object"],
    [{ name: 7 }, "its name is not a text"],
    [{ expires_at: 7 }, "its expiry is not a text"],
    [{ expires_at: "tomorrow" }, "its expiry is not a date"],
    [{ scopes: "read" }, "its scopes are not texts"],
    [{ scopes: [1] }, "its scopes are not texts"],
    [{ rate_limit: true }, "its rate limit is not one that the old library wrote"],
    [{ rate_limit: { requests: 5, window: "fortnight" } }, "its rate limit is not one that the old library wrote"],
    [{ rate_limit: { window: "minute" } }, "its rate limit is not one that the old library wrote"],
    [{ rate_limit: 0 }, "its rate limit is 0, see --zero-limits"],
    [{ rate_limit: { requests: -1, window: "day" } }, "its rate limit is -1, see --zero-limits"],
    [
      '{"custom": {"a": [1, 9007199254740993]}, "name": "n"}',
      "numbers above 2^53, which would change: custom.a.1, see --large-numbers"
    ]
  ])("refuses %j: %s", (metadata, words) => {
    expect(convert(row(metadata))).toBe(words)
  })

  it("refuses dates that are none, and ids", () => {
    expect(convert(row({}, { createdAt: "0000-00-00 00:00:00" }))).toBe("its creation is not a date")
    expect(convert(row({}, { lastUsedAt: "?" }))).toBe("its last use is not a date")
    expect(convert(row({}, { revokedAt: "?" }))).toBe("its revocation is not a date")
    expect(convert(row({}, { id: "17" }))).toBe("its id is not a UUID")
  })

  it.each([
    ["AbCdEfGh", "live", "sk_live_AbCd…"],
    ["AbCdEfGh", null, "sk_AbCd…"],
    ["sk_live_", "live", "sk_live_…"],
    ["sk_AbCdE", null, "sk_AbCd…"]
  ])("makes of %s (%s) the hint %s", (keyPrefix, environment, hint) => {
    expect(converted(row({}, { keyPrefix }), { environments: [environment] }).key.hint).toBe(hint)
  })

  it("takes names of blanks for none, and no metadata for none", () => {
    expect(converted(row({ name: "  " })).key.name).toBeNull()
    expect(converted(row({}, { metadata: null })).key).toMatchObject({ name: null, scopes: [], metadata: {} })
  })
})

describe("idOf", () => {
  const id = "0f0e0d0c-0b0a-4000-8000-0123456789ab"
  it.each([
    [id, id],
    [id.toUpperCase(), id],
    [id.replaceAll("-", ""), id],
    [Buffer.from(id.replaceAll("-", ""), "hex"), id],
    [17, "17"],
    [null, null]
  ])("reads %s", (value, read) => {
    expect(idOf(value)).toBe(read)
  })
})
