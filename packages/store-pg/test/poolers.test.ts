import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase } from "../../../scripts/services/testing.js"
import { openOwnDatabase } from "../src/PgOpening.js"
import { startProxy } from "./proxy.js"

const { url } = await testDatabase("pg")

/** What PgBouncer says where it lends connections for one statement. */
const refusal = `do $$ begin
  raise exception using errcode = '08P01', message = 'transaction blocks not allowed in statement pooling mode';
end $$`

const begin = "begin isolation level"

/** A statement that a client sends, in the place of one that begins a transaction. */
const refusing = (sent: Buffer): Buffer => {
  const at = sent.indexOf(begin)
  if (at < 5) return sent
  // Before it stands what kind of message it is, and how long.
  const start = at - 5
  const end = start + 1 + sent.readUInt32BE(start + 1)
  const text = Buffer.from(`${refusal}\0`)
  const head = Buffer.from("Q\0\0\0\0")
  head.writeUInt32BE(4 + text.length, 1)
  return Buffer.concat([sent.subarray(0, start), head, text, sent.subarray(end)])
}

describe("a pooler that lends a connection for one statement", () => {
  it.scopedLive("is refused at start, by its name, and not as something that may be over by the next call", () =>
    Effect.gen(function* () {
      const proxy = yield* startProxy(url, refusing)
      const error = yield* Effect.flip(openOwnDatabase({ url: proxy.url, timeout: 5000 }))
      assert.deepInclude(error, { operation: "open", retryable: false, reason: "pg statement_pooling" })
    })
  )
})
