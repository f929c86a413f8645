// A process that writes one side's rows: what its heap holds is of nobody else.
import { once } from "node:events"
import { getHeapStatistics } from "node:v8"
import { ApiKeyClient, type Store } from "@apikeys/core"
import { timeout } from "../contenders/stores.js"
import { openBareInserts } from "./bareInserts.js"
import { organization, toBare, toImport } from "./ImportedRow.js"
import { batchSize, type ImportStore, type Order, type Ready, type TurnDone } from "./Order.js"

// A driver that is not used is not on the heap.
const storeOf = async (store: ImportStore, place: string): Promise<Store> => {
  switch (store) {
    case "sqlite":
      return (await import("@apikeys/store-sqlite")).SqliteStore.layer({ filename: place, timeout })
    case "pg":
      return (await import("@apikeys/store-pg")).PgStore.layer({ url: place, timeout })
    case "mysql":
    case "mariadb":
      return (await import("@apikeys/store-mysql")).MysqlStore.layer({ url: place, timeout })
  }
}

const open = async ({ place, store }: Order): Promise<ApiKeyClient> => {
  const client = await ApiKeyClient.open({
    store: await storeOf(store, place),
    signingSecret: "0123456789abcdef".repeat(4),
    keyPrefix: "bench"
  })
  await client.importOrganization(organization)
  return client
}

let heap = 0
const watchHeap = () => {
  heap = Math.max(heap, process.memoryUsage().heapUsed)
}

const isReady = () => {
  const ready: Ready = { heapLimit: getHeapStatistics().heap_size_limit }
  process.send?.(ready)
}

/** Waits until this side's turn comes. */
const turnBegins = async (): Promise<number> => {
  await once(process, "message")
  return performance.now()
}

const turnEnds = (began: number) => {
  watchHeap()
  const done: TurnDone = { seconds: (performance.now() - began) / 1000, heap }
  process.send?.(done)
}

/** One import of all rows, whose source has a row when it is this side's turn. */
const importAll = async (order: Order) => {
  const client = await open(order)
  isReady()
  let began = 0
  let given = 0
  const source = async function* () {
    for (const rows of order.turns) {
      began = await turnBegins()
      for (const end = given + rows; given < end; given++) yield toImport(given)
    }
  }
  let ends = 0
  let turn = 0
  const progress = await client.importKeys(source(), {
    batchSize,
    onProgress: ({ imported }) => {
      watchHeap()
      if (imported < ends + (order.turns[turn] ?? 0)) return
      ends = imported
      turn++
      turnEnds(began)
    }
  })
  if (progress.imported !== given) throw new Error(`${progress.imported} of ${given} keys were imported`)
  await client.close()
}

const insertAll = async (order: Order) => {
  const client = await open(order)
  const [current] = (await client.signingSecretReport()).secrets
  await client.close()
  const { close, insert } = await openBareInserts(order.store, order.place, current?.secretId ?? "")
  isReady()
  let given = 0
  for (const rows of order.turns) {
    const began = await turnBegins()
    for (const end = given + rows; given < end; ) {
      const length = Math.min(batchSize, end - given)
      const first = given
      await insert(Array.from({ length }, (_, n) => toBare(first + n)))
      given += length
      watchHeap()
    }
    turnEnds(began)
  }
  await close()
}

process.on("disconnect", () => process.exit())

const [order] = (await once(process, "message")) as [Order]
try {
  await (order.side === "import" ? importAll(order) : insertAll(order))
  process.disconnect()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
