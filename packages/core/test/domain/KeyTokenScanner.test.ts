import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { scannerPattern } from "../../src/domain/KeyToken.js"
import { heads, keyOf, secrets } from "./keys.js"

const secret = "AbCd0123456789abcdefghijklmnopqrstuvwxyzABC"
const key = keyOf("myapp_live", secret)
const old = keyOf("old", secret)
const found = (text: string, ...heads: ReadonlyArray<string>) => text.match(scannerPattern(heads)) ?? []

describe("the scanner's pattern", () => {
  it("finds the deployment's keys, whole, of every head that is accepted", () => {
    const text = `const a = "${key}"\nAuthorization: Bearer ${old}\nKEY=${key},${old}`
    expect(found(text, "myapp_live", "old")).toEqual([key, old, key, old])
    expect(found(text, "old")).toEqual([old, old])
  })

  it("finds each of many keys exactly, of any head", () => {
    FastCheck.assert(
      FastCheck.property(heads, FastCheck.array(secrets, { maxLength: 4 }), (head, secrets) => {
        const keys = secrets.map((secret) => keyOf(head, secret))
        expect(found(keys.join(" "), head)).toEqual(keys)
        expect(found(keys.join('","'), head)).toEqual(keys)
      })
    )
  })

  it("finds no key of another head, nor of one that ends alike", () => {
    for (const head of ["myapp", "live", "myapp_test", "yapp_live", "p_live"]) expect(found(key, head)).toEqual([])
    expect(found(`x${key} 0${key} _${key} X${key}`, "myapp_live")).toEqual([])
  })

  it("finds nothing that is shorter or longer than a key", () => {
    for (const text of [key.slice(0, -1), `${key}0`, `${key}Z`, key.replace("AbCd", "Ab-d")]) {
      expect(found(text, "myapp_live")).toEqual([])
    }
  })
})
