import { cellsThatMention, makeDigest, uniqueName } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"

describe("cellsThatMention", () => {
  const id = crypto.randomUUID()
  const digest = makeDigest().bytes
  const name = uniqueName()

  for (const [form, cell, needle] of [
    ["text", `the id ${id}.`, id],
    ["upper case", id.toUpperCase(), id],
    ["a UUID without dashes", id.replaceAll("-", ""), id],
    ["a UUID of 16 bytes", Buffer.from(id.replaceAll("-", ""), "hex"), id],
    ["text in bytes", Buffer.from(`x${name}`), name],
    ["JSON", JSON.stringify([{ name }]), name],
    ["an object", { nested: { name } }, name],
    ["bytes", digest, digest],
    ["bytes in JSON", { digest: [...digest] }, digest],
    ["hexadecimal", Buffer.from(digest).toString("hex"), digest],
    ["PostgreSQL's hexadecimal", `\\x${Buffer.from(digest).toString("hex")}`, digest],
    ["base64", Buffer.from(digest).toString("base64"), digest],
    ["text as bytes", Buffer.from(digest).toString("latin1"), digest]
  ] as const) {
    it(`finds ${form}`, () => {
      const tables = [{ table: "things", rows: [{ other: null, cell }, { cell: 1 }, { cell: new Uint8Array(3) }] }]
      assert.deepStrictEqual(cellsThatMention(tables, needle), [{ table: "things", column: "cell" }])
      assert.deepStrictEqual(cellsThatMention(tables, crypto.randomUUID()), [])
    })
  }
})
