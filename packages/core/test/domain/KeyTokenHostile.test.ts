import { describe, expect, it } from "vitest"
import { KeyHead, KeyPrefix, redact, scannerPattern } from "../../src/domain/KeyToken.js"
import { Scope } from "../../src/domain/Scope.js"
import { isAccepted } from "./decoding.js"

const kibi = 1024

const texts: Record<string, (size: number) => string> = {
  "a_ over and over": (size) => "a_".repeat(size / 2),
  "one letter": (size) => "a".repeat(size),
  underscores: (size) => "_".repeat(size),
  "heads without an end": (size) => "myapp_live_".repeat(size / 11),
  "secrets one short": (size) => `_${"a".repeat(42)}`.repeat(size / 43),
  "keys one short": (size) => `myapp_live_${"a".repeat(48)}`.repeat(size / 59)
}

const uses: Record<string, (text: string) => void> = {
  redact,
  "the scanner's pattern": (text) => text.match(scannerPattern(["myapp_live", "a_a_a", "a"])),
  "the rule of a prefix": (text) => isAccepted(KeyPrefix, text),
  "the rule of a head": (text) => isAccepted(KeyHead, text),
  "the rule of a scope": (text) => isAccepted(Scope, text)
}

const timed = (run: () => void): number => {
  const start = performance.now()
  run()
  return performance.now() - start
}

/** The least of several runs: whatever else a machine does only ever adds. */
const fastest = (run: () => void): number => Math.min(...Array.from({ length: 3 }, () => timed(run)))

/** How much longer eight times the text takes: 8 where time is linear, 64 where it is quadratic. */
const growth = (use: (text: string) => void, text: (size: number) => string): number => {
  const [small, large] = [text(4 * kibi), text(32 * kibi)]
  // What is over in microseconds is compared with a floor, or the clock's grain would be measured.
  return (
    fastest(() => use(large)) /
    Math.max(
      0.05,
      fastest(() => use(small))
    )
  )
}

const limit = 24

describe("hostile text", () => {
  for (const [name, use] of Object.entries(uses)) {
    it(`costs ${name} time in proportion to its length`, () => {
      for (const [kind, text] of Object.entries(texts)) {
        let least = Number.POSITIVE_INFINITY
        for (let attempt = 0; attempt < 3 && least >= limit; attempt++) least = Math.min(least, growth(use, text))
        expect(least, kind).toBeLessThan(limit)
      }
    })
  }
})
