import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { inPowersOfTwo, padded } from "../src/Dialect.js"

const isPowerOfTwo = (length: number) => Number.isInteger(Math.log2(length))

const values = FastCheck.array(FastCheck.integer(), { minLength: 1, maxLength: 300 })

describe("lists in statements", () => {
  it("are padded with what is in them", () => {
    FastCheck.assert(
      FastCheck.property(values, (list) => {
        const result = padded(list)
        assert.isTrue(isPowerOfTwo(result.length))
        assert.isBelow(result.length, 2 * list.length)
        assert.deepStrictEqual(result.slice(0, list.length), list)
        assert.deepStrictEqual(new Set(result), new Set(list))
      })
    )
    assert.deepStrictEqual(padded([]), [])
  })

  it("are cut where no value may come twice", () => {
    FastCheck.assert(
      FastCheck.property(values, (list) => {
        const pieces = inPowersOfTwo(list, 64)
        assert.deepStrictEqual(pieces.flat(), list)
        for (const { length } of pieces) assert.isTrue(length <= 64 && isPowerOfTwo(length))
        assert.isAtMost(new Set(pieces.map(({ length }) => length)).size, 7)
      })
    )
    assert.deepStrictEqual(inPowersOfTwo([], 64), [])
  })
})
