import { assert, describe, it } from "@effect/vitest"
import { plainLists } from "../src/PlainColumn.js"

describe("lists in JSON", () => {
  it("are read once for each text, and nobody can change what others get", () => {
    const read = plainLists<{ readonly requests: number }>()
    const first = read('[{"requests":1}]')
    assert.deepStrictEqual(first, [{ requests: 1 }])
    assert.strictEqual(read('[{"requests":1}]'), first)
    assert.throws(() => Object.assign(first?.[0] ?? {}, { requests: 2 }), TypeError)
    assert.throws(() => (first as Array<unknown>).push(1), TypeError)
  })

  it("are as good from a driver that reads JSON by itself, and nothing else is one", () => {
    const read = plainLists<string>()
    assert.deepStrictEqual(read(["a"]), ["a"])
    assert.isUndefined(read('{"a":1}'))
    assert.isUndefined(read(1))
  })

  it("are remembered up to a bound, which no number of different ones goes beyond", () => {
    const read = plainLists<string>()
    const first = read('["first"]')
    for (let n = 0; n < 2000; n++) assert.deepStrictEqual(read(`["${n}"]`), [String(n)])
    assert.notStrictEqual(read('["first"]'), first)
    const long = `["${"a".repeat(300)}"]`
    assert.notStrictEqual(read(long), read(long))
  })
})
