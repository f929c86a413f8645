import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { redact } from "../../src/domain/KeyToken.js"
import { keyOf, keys } from "./keys.js"

const secret = "AbCd0123456789abcdefghijklmnopqrstuvwxyzABC"
const key = keyOf("myapp_live", secret)

/** Whether a text holds five characters of a secret in a row. */
const leaks = (text: string, secret: string): boolean => {
  for (let i = 0; i + 5 <= secret.length; i++) if (text.includes(secret.slice(i, i + 5))) return true
  return false
}

const noise = FastCheck.string({ unit: FastCheck.constantFrom(...'aZ09_-. /:="{}\n\té'), maxLength: 80 })

describe("redact", () => {
  it("leaves the hint of each key, and the text around it as it was", () => {
    expect(redact(`GET /?key=${key}&page=2`)).toBe("GET /?key=myapp_live_AbCd…&page=2")
    expect(redact(`{"key":"${key}"}`)).toBe('{"key":"myapp_live_AbCd…"}')
    expect(redact(`${key} ${key}\n${key}`)).toBe("myapp_live_AbCd… myapp_live_AbCd…\nmyapp_live_AbCd…")
    expect(redact(key)).toBe("myapp_live_AbCd…")
  })

  it("masks keys that stand without a gap against text or against each other", () => {
    for (const text of [
      `${key}${key}`,
      `${key}_${key}`,
      `${key}${key}${key}`,
      `XX${key}`,
      `99${key}99`,
      `__${key}__x`
    ]) {
      expect(leaks(redact(text), secret), text).toBe(false)
    }
  })

  it("masks keys of any head, though it be none of this deployment or not even a head", () => {
    for (const head of ["sk", "sk_live", "someone_elses", "MYAPP", "9", "", "h".repeat(300)]) {
      expect(redact(keyOf(head, secret))).toBe(`${head}_AbCd…`)
    }
  })

  it("masks keys with typos: a character changed, left out, doubled or swapped, a tail cut off", () => {
    const start = "myapp_live_".length
    for (let place = start; place < key.length; place++) {
      const typos = [
        `${key.slice(0, place)}x${key.slice(place + 1)}`,
        key.slice(0, place) + key.slice(place + 1),
        key.slice(0, place) + key.slice(place - 1),
        `${key.slice(0, place - 1)}${key[place]}${key[place - 1]}${key.slice(place + 1)}`
      ]
      for (const typo of typos) expect(leaks(redact(typo), secret.slice(4)), typo).toBe(false)
    }
    for (let cut = 1; cut <= 6; cut++) expect(redact(key.slice(0, -cut)), `${cut} cut off`).toBe("myapp_live_AbCd…")
  })

  it("never leaves more than four characters of a secret in a row, whatever stands around", () => {
    const texts = FastCheck.array(FastCheck.tuple(noise, keys), { minLength: 1, maxLength: 5 })
    FastCheck.assert(
      FastCheck.property(texts, noise, (parts, end) => {
        const masked = redact(parts.map(([before, { key }]) => before + key).join("") + end)
        for (const [, { secret }] of parts) expect(leaks(masked, secret)).toBe(false)
      }),
      { numRuns: 500 }
    )
  })

  it("masks what is masked no further", () => {
    FastCheck.assert(FastCheck.property(keys, ({ key }) => redact(redact(key)) === redact(key)))
  })

  it("leaves text without keys alone, digests, UUIDs and snake_case included", () => {
    const text = `a_b __proto__ user_0190163d-8694-739b-aea5-966c26f8ad91 _${"a".repeat(42)} ${"f".repeat(64)} sk_AbCd…`
    expect(redact(text)).toBe(text)
  })
})
