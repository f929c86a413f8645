// A process of its own that fills a cache and says what of its memory that took.
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { SqliteStore } from "@apikeys/store-sqlite"
import { leased } from "../contenders/apikeys.js"
import { pause } from "../contenders/Contender.js"
import { openClient } from "../contenders/library.js"
import { timeout } from "../contenders/stores.js"
import { awaited } from "../measure/pace.js"

export interface Order {
  readonly file: string
  /** A file of plaintexts, a line each. */
  readonly plaintexts: string
}

const used = async (): Promise<number> => {
  if (globalThis.gc === undefined) throw new Error("This needs --expose-gc")
  for (let times = 0; times < 3; times++) {
    await pause(20)
    globalThis.gc()
  }
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

const [order] = (await once(process, "message")) as [Order]
const plaintexts = readFileSync(order.plaintexts, "utf8").trim().split("\n")
const client = await openClient(SqliteStore.layer({ filename: order.file, timeout }), leased, plaintexts.length)
// Neither charged nor counted: what is measured is the keys.
const verify = awaited((index) => client.verifyKey(plaintexts[index] ?? "", { trackUsage: false }))
// What is made at the first call is no key's.
await verify(1, 1)
const before = await used()
await verify(plaintexts.length, 64)
const after = await used()
process.send?.((after - before) / 2 ** 20)
await client.close()
process.disconnect()
