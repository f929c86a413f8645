import { describe, expect, it } from "vitest"
import type { ApiKey, KeyId, OrganizationId } from "../../../src/index.js"
import { CachedKey, KeyCache, unknownKey } from "../../../src/services/verifier/KeyCache.js"
import { KeyRecord, makeShared } from "../../../src/services/verifier/KeyRecord.js"
import { makeKey } from "../../../src/testing/index.js"

const organizationId = "00000000-0000-7000-8000-000000000000" as OrganizationId
const shared = makeShared()
const current = { supersededAt: null, validUntil: null }
const recordOf = (fields: Partial<ApiKey> = {}) => new KeyRecord(makeKey(organizationId, fields), current, shared)

const open = (bounds: Partial<ConstructorParameters<typeof KeyCache>[0]> = {}) =>
  new KeyCache({ capacity: 3, maxBytes: 2 ** 30, ttl: 1000, negativeTtl: 500, ...bounds })

const put = (cache: KeyCache, fingerprint: string, record = recordOf(), now = 0) => {
  cache.complete(cache.begin(), fingerprint, record, now)
  return record
}

const has = (cache: KeyCache, fingerprint: string, now = 1) => cache.get(fingerprint, now) instanceof CachedKey

describe("a cache of keys", () => {
  it("holds what was found until its time is over", () => {
    const cache = open()
    const record = put(cache, "a")
    expect((cache.get("a", 999) as CachedKey).record).toBe(record)
    expect(cache.get("a", 1000)).toBeUndefined()
    expect(cache.size).toBe(0)
    expect(cache.get("b", 0)).toBeUndefined()
  })

  it("holds so many, and lets what was asked for stay", () => {
    const cache = open()
    for (const name of ["a", "b", "c"]) put(cache, name)
    expect(has(cache, "a")).toBe(true)
    put(cache, "d")
    expect(cache.size).toBe(3)
    expect([has(cache, "a"), has(cache, "b"), has(cache, "c"), has(cache, "d")]).toEqual([true, false, true, true])
    for (let n = 0; n < 1000; n++) {
      put(cache, `n${n}`)
      expect(cache.size).toBe(3)
    }
  })

  it("holds so many bytes, and nothing that alone takes more", () => {
    const large = (i: number) => recordOf({ metadata: { list: Array.from({ length: 1000 }, () => ({})), i } })
    const cache = open({ capacity: 10_000, maxBytes: 1_000_000 })
    for (let n = 0; n < 1000; n++) {
      put(cache, `large ${n}`, large(n))
      expect(cache.bytes).toBeLessThanOrEqual(1_000_000)
    }
    expect(cache.size).toBeGreaterThan(5)
    expect([has(cache, "large 0"), has(cache, "large 999")]).toEqual([false, true])
    for (let n = 0; n < 900; n++) put(cache, `small ${n}`)
    expect(cache.size).toBeGreaterThan(900)
    for (let n = 0; n < 6000; n++) put(cache, `small ${n}`)
    expect([has(cache, "large 999"), has(cache, "small 5999")]).toEqual([false, true])
    const tiny = open({ capacity: 10, maxBytes: 5000 })
    put(tiny, "small")
    put(tiny, "large", large(0))
    expect([has(tiny, "small"), has(tiny, "large")]).toEqual([true, false])
  })

  it("counts bytes back, however keys are forgotten", () => {
    const cache = open({ capacity: 10 })
    const record = put(cache, "one")
    put(cache, "two", record)
    put(cache, "other")
    const [all] = [cache.bytes]
    put(cache, "other")
    expect(cache.bytes).toBe(all)
    cache.apply({ _tag: "Key", id: record.id })
    expect(cache.bytes).toBe(all / 3)
    cache.apply({ _tag: "KeysOfOrganization", id: organizationId })
    expect(cache.bytes).toBe(0)
    put(cache, "late", recordOf(), 0)
    cache.get("late", 1000)
    expect([cache.size, cache.bytes]).toEqual([0, 0])
    put(cache, "cleared")
    cache.clear()
    expect(cache.bytes).toBe(0)
  })

  it("holds unknown keys for a moment, in a bound of their own, which evicts no key", () => {
    const cache = open()
    put(cache, "good")
    for (let n = 0; n < 5000; n++) cache.completeUnknown(cache.begin(), `made up ${n}`, 0)
    expect(cache.unknownSize).toBe(1000)
    expect(has(cache, "good")).toBe(true)
    expect(cache.get("made up 4999", 499)).toBe(unknownKey)
    expect(cache.get("made up 4999", 500)).toBeUndefined()
    expect(cache.get("made up 0", 0)).toBeUndefined()
  })

  it("forgets every plaintext of a key that changes, and no other key", () => {
    const cache = open({ capacity: 10 })
    const record = put(cache, "one")
    put(cache, "two", record)
    put(cache, "three", record)
    put(cache, "other")
    expect(cache.recordsOf(record.id)).toHaveLength(3)
    cache.apply({ _tag: "Key", id: record.id })
    expect(["one", "two", "three", "other"].map((name) => has(cache, name))).toEqual([false, false, false, true])
    expect(cache.recordsOf(record.id)).toEqual([])
  })

  it("forgets one plaintext of several, and still finds the others by their key", () => {
    const cache = open({ capacity: 10 })
    const record = put(cache, "old", recordOf(), 0)
    put(cache, "middle", record, 300)
    put(cache, "young", record, 600)
    expect(has(cache, "middle", 1400)).toBe(false)
    expect(has(cache, "old", 1400)).toBe(false)
    cache.apply({ _tag: "Key", id: record.id })
    expect(has(cache, "young", 1400)).toBe(false)
  })

  it("forgets all keys of an organization, and no others", () => {
    const cache = open({ capacity: 10 })
    for (const name of ["a", "b", "c"]) put(cache, name)
    const other = "00000000-0000-7000-8000-000000000001" as OrganizationId
    put(cache, "other", new KeyRecord(makeKey(other), current, shared))
    cache.apply({ _tag: "KeysOfOrganization", id: organizationId })
    expect(["a", "b", "c", "other"].map((name) => has(cache, name))).toEqual([false, false, false, true])
  })

  describe("a fill that began before", () => {
    const fills: ReadonlyArray<readonly [string, (cache: KeyCache, record: KeyRecord) => void, boolean, boolean]> = [
      ["nothing was changed", () => undefined, true, true],
      ["its key was changed", (cache, { id }) => cache.apply({ _tag: "Key", id }), false, false],
      ["another key was changed", (cache) => cache.apply({ _tag: "Key", id: "x" as KeyId }), true, false],
      [
        "its organization's keys were",
        (cache) => cache.apply({ _tag: "KeysOfOrganization", id: organizationId }),
        false,
        false
      ],
      ["anything may have been", (cache) => cache.clear(), false, false],
      ["keys were added", (cache) => cache.forgetUnknown(), true, false],
      ["tenants were changed", (cache) => cache.apply({ _tag: "Tenants" }), true, true]
    ]
    it.each(fills)("%s", (_, change, keepsKey, keepsUnknown) => {
      const cache = open()
      const record = recordOf()
      const [found, missing] = [cache.begin(), cache.begin()]
      change(cache, record)
      cache.complete(found, "a", record, 0)
      cache.completeUnknown(missing, "b", 0)
      expect(has(cache, "a")).toBe(keepsKey)
      expect(cache.get("b", 1) === unknownKey).toBe(keepsUnknown)
      // It is the fills under way that are told, no later ones.
      put(cache, "a", record)
      expect(has(cache, "a")).toBe(true)
    })
  })
})

describe("parts that keys have in common", () => {
  it("are kept once, up to so much text of them", () => {
    const { text, value } = makeShared()
    const list = (i: number) => Array.from({ length: 100 }, (_, j) => `${i}:${"x".repeat(100)}:${j}`)
    const first = value(list(0))
    for (let i = 1; i < 300; i++) value(list(i))
    expect(value(list(0))).toBe(first)
    for (let i = 0; i < 1000; i++) value(list(i))
    expect(value(list(0))).not.toBe(first)
    expect(value(list(0))).toBe(value(list(0)))
    expect(text("a")).toBe("a")
  })
})
