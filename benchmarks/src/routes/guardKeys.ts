import { SqliteStore } from "@apikeys/store-sqlite"
import { issueKeys } from "../contenders/keys.js"
import { openClient } from "../contenders/library.js"
import { timeout } from "../contenders/stores.js"
import { connections, modeOf, type Order } from "./guards.js"

/** A client with an SQLite store, keys of it, and what a guard asks them for. */
export const openKeys = async (guard: keyof typeof modeOf, { file, limit }: Order) => {
  const client = await openClient(SqliteStore.layer({ filename: file, timeout }), modeOf[guard])
  const { asked, plaintexts } = await issueKeys(client, connections, { requests: limit, window: "day" })
  return { plaintexts, options: { client, ...asked } }
}
