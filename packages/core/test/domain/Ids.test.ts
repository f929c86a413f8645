import { randomBytes } from "node:crypto"
import { FastCheck } from "effect"
import { describe, expect, expectTypeOf, it } from "vitest"
import { idInput, KeyId, makeIdSequence, OrganizationId, ProductId, ProjectId } from "../../src/domain/Ids.js"
import { accepted, isAccepted, refusals } from "./decoding.js"
import { bytesOf } from "./keys.js"

const KeyIdInput = idInput(KeyId)
const time = FastCheck.integer({ min: 1, max: 2 ** 48 - 1 })

describe("a new id", () => {
  it("is a UUID of version 7: its time, the version, the variant", () => {
    FastCheck.assert(
      FastCheck.property(time, (millis) => {
        const id = makeIdSequence(randomBytes)(millis)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(millis)
        expect(isAccepted(KeyId, id)).toBe(true)
      })
    )
  })

  it("ascends with the time", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(time, { maxLength: 50 }), (times) => {
        const next = makeIdSequence(randomBytes)
        const ids = [...times].sort((a, b) => a - b).map(next)
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      })
    )
  })

  it("ascends within a millisecond, from the lowest as from the highest start", () => {
    for (const random of [randomBytes, bytesOf(0), bytesOf(255)]) {
      const next = makeIdSequence(random)
      const ids = Array.from({ length: 5000 }, () => next(1_700_000_000_000))
      expect([...ids].sort()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  it("ascends while the clock stands at zero or runs backwards", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.integer({ min: 0, max: 5 }), { maxLength: 50 }), (times) => {
        const ids = times.map(makeIdSequence(randomBytes))
        expect([...ids].sort()).toEqual(ids)
        expect(new Set(ids).size).toBe(ids.length)
      })
    )
  })

  it("shares none with another process in the same millisecond", () => {
    const sequences = Array.from({ length: 100 }, () => makeIdSequence(randomBytes))
    const ids = sequences.flatMap((next) => Array.from({ length: 20 }, () => next(1_700_000_000_000)))
    expect(new Set(ids).size).toBe(2000)
  })
})

describe("an id from a caller", () => {
  it("is any UUID: of every version, nil and max", () => {
    for (const version of "0123456789abcdef") {
      for (const variant of "0123456789abcdef") {
        const id = `0190163d-8694-${version}39b-${variant}ea5-966c26f8ad91`
        expect(accepted(KeyIdInput, id)).toBe(id)
      }
    }
    const extremes = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
    for (const id of extremes) expect(accepted(KeyIdInput, id)).toBe(id)
  })

  it("is put into lower case", () => {
    expect(accepted(KeyIdInput, "0190163D-8694-739B-AEA5-966C26F8AD91")).toBe("0190163d-8694-739b-aea5-966c26f8ad91")
    FastCheck.assert(
      FastCheck.property(FastCheck.uuid(), (id) => accepted(KeyIdInput, id.toUpperCase()) === id.toLowerCase())
    )
  })

  it("is nothing else", () => {
    const id = "0190163d-8694-739b-aea5-966c26f8ad91"
    const near = [` ${id}`, `${id}\n`, `{${id}}`, `urn:uuid:${id}`, id.replaceAll("-", ""), id.slice(1), `${id}0`]
    const strange = [id.replace("0", "g"), id.replace("-", "_"), id.replace("a", "а"), "", "-".repeat(36)]
    for (const junk of [...near, ...strange, null, undefined, 7, {}, [id], new String(id)]) {
      expect(refusals(KeyIdInput, junk), String(junk)).toEqual(["is not a UUID"])
    }
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ minLength: 36, maxLength: 36 }), (text) => !isAccepted(KeyIdInput, text))
    )
  })

  it("has one form alone once it is checked", () => {
    const id = "0190163d-8694-739b-aea5-966c26f8ad91"
    expect(isAccepted(KeyId, id)).toBe(true)
    for (const other of [id.toUpperCase(), `x${id}`, `${id}x`, ` ${id}`]) expect(isAccepted(KeyId, other)).toBe(false)
  })

  it("is told apart from ids of other entities by its type", () => {
    expectTypeOf<OrganizationId>().not.toExtend<ProjectId>()
    expectTypeOf<ProjectId>().not.toExtend<ProductId>()
    expectTypeOf<ProductId>().not.toExtend<KeyId>()
    expectTypeOf<KeyId>().not.toExtend<OrganizationId>()
    expectTypeOf<string>().not.toExtend<KeyId>()
    expectTypeOf<KeyId>().toExtend<string>()
    expectTypeOf(accepted(idInput(ProjectId), "0190163d-8694-739b-aea5-966c26f8ad91")).toEqualTypeOf<ProjectId>()
    expect([OrganizationId, ProjectId, ProductId].map((id) => refusals(idInput(id), "x"))).toEqual([
      ["is not a UUID"],
      ["is not a UUID"],
      ["is not a UUID"]
    ])
  })
})
