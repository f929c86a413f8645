import { fork } from "node:child_process"
import { once } from "node:events"
import { stat, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { strict } from "../contenders/apikeys.js"
import type { Open } from "../contenders/Contender.js"
import { issueKeys, rotating } from "../contenders/keys.js"
import { openClient } from "../contenders/library.js"
import { manyKeys } from "../contenders/manyKeys.js"
import { sqlite, sqliteFile } from "../contenders/stores.js"
import { awaited } from "../measure/pace.js"
import type { Order } from "./cacheMemory.js"

const nothing = async () => undefined

/** What of a process's memory its cached keys are, in MiB; in a new process each time. */
export const cacheMemory: Readonly<Record<string, Open>> = {
  cache: async (bench) => {
    const store = sqlite("cached")
    const keys = manyKeys(store, ({ scale }) => scale.cachedKeys, "all")
    const order: Order = { file: sqliteFile(bench, store.database), plaintexts: bench.file("plaintexts.txt") }
    await writeFile(order.plaintexts, (await keys(bench)).plaintexts.join("\n"))
    return {
      warmUp: nothing,
      go: async () => {
        const child = fork(fileURLToPath(new URL("cacheMemory.js", import.meta.url)), { execArgv: ["--expose-gc"] })
        const ended = once(child, "exit")
        child.send(order)
        const mebibytes = await Promise.race([
          once(child, "message").then(([message]) => Number(message)),
          ended.then(([code]) => {
            throw new Error(`The process that fills a cache ended with code ${code}`)
          })
        ])
        await ended
        return { MiB: mebibytes }
      },
      close: nothing
    }
  }
}

/** The largest that SQLite's log gets while every use and charge is committed, as fast as that goes, in MiB. */
export const logSize: Open = async (bench) => {
  const store = sqlite()
  const client = await openClient(await store.open(bench), strict)
  const { asked, plaintexts } = await issueKeys(client, bench.scale.keys)
  const plaintext = rotating(plaintexts)
  const log = `${sqliteFile(bench, store.database)}-wal`

  return {
    warmUp: nothing,
    go: async (inFlight) => {
      const end = performance.now() + bench.scale.sustainedMillis
      let largest = 0
      let calls = 0
      while (performance.now() < end) {
        await awaited((index) => client.validateKey(plaintext(calls + index), asked))(10 * inFlight, inFlight)
        calls += 10 * inFlight
        largest = Math.max(largest, (await stat(log)).size)
      }
      return { MiB: largest / 2 ** 20 }
    },
    close: async () => {
      await client.close()
    }
  }
}
