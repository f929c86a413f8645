import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { isWellFormed } from "../../src/domain/KeyToken.js"
import { base62, keyOf, keys } from "./keys.js"

/** Judged by its checksum alone: whatever the head has become, it is accepted. */
const passes = (text: string): boolean => isWellFormed(text, new Set([text.slice(0, text.length - 50)]))

const samples = [
  keyOf("sk", "0".repeat(43)),
  keyOf("sk", "z".repeat(43)),
  keyOf("myapp_live", "AbCd0123456789abcdefghijklmnopqrstuvwxyzABC"),
  ...FastCheck.sample(keys, 5).map(({ key }) => key)
]

describe("the checksum", () => {
  it("passes the keys that the typos below are made of", () => {
    for (const key of samples) expect(passes(key)).toBe(true)
  })

  it("catches every change of a single character, wherever it is", () => {
    const missed: Array<string> = []
    for (const key of samples) {
      for (let place = 0; place < key.length; place++) {
        for (const other of `${base62}_`) {
          if (other === key[place]) continue
          const typo = key.slice(0, place) + other + key.slice(place + 1)
          if (passes(typo)) missed.push(typo)
        }
      }
    }
    expect(missed).toEqual([])
  })

  it("catches neighbours that changed places", () => {
    const missed: Array<string> = []
    for (const { key } of FastCheck.sample(keys, 300)) {
      for (let place = 0; place + 1 < key.length; place++) {
        const typo = `${key.slice(0, place)}${key[place + 1]}${key[place]}${key.slice(place + 2)}`
        if (typo !== key && passes(typo)) missed.push(typo)
      }
    }
    expect(missed).toEqual([])
  })

  it("catches a character that was left out or typed twice", () => {
    FastCheck.assert(
      FastCheck.property(keys, FastCheck.nat(200), ({ head, key }, at) => {
        const place = head.length + 1 + (at % 49)
        const without = key.slice(0, place) + key.slice(place + 1)
        const twice = key.slice(0, place) + key[place] + key.slice(place)
        return !isWellFormed(without, new Set([head])) && !isWellFormed(twice, new Set([head]))
      })
    )
  })

  it("catches what is made up: one forged key in 2^32 passes", () => {
    FastCheck.assert(
      FastCheck.property(keys, keys, (one, other) => {
        FastCheck.pre(one.key.slice(-6) !== other.key.slice(-6))
        return !passes(`${one.key.slice(0, -6)}${other.key.slice(-6)}`)
      })
    )
  })
})
