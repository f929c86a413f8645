import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Bench } from "../contenders/Bench.js"
import { type Summary, summarize } from "../measure/Statistics.js"
import type { ImportOutcome } from "./ImportOutcome.js"
import { type ImportStore, type Order, type Ready, type Side, type TurnDone, turnsOf } from "./Order.js"
import type { ImportsOptions } from "./options.js"

const sideModule = fileURLToPath(new URL("side.js", import.meta.url))

/** All of the heap: its young generation is three semi-spaces. */
const heapOf = (mebibytes: number): ReadonlyArray<string> => {
  const semiSpace = Math.min(16, Math.max(1, Math.floor(mebibytes / 8)))
  return [`--max-semi-space-size=${semiSpace}`, `--max-old-space-size=${mebibytes - 3 * semiSpace}`]
}

/** A process that has a side's rows to write, and no more heap than that. */
const startSide = async (order: Order, heapMiB: number) => {
  const child = fork(sideModule, { execArgv: [...heapOf(heapMiB)] })
  const ended = once(child, "exit")
  const answer = async (): Promise<unknown> => {
    const [message] = await Promise.race([
      once(child, "message"),
      ended.then(([code, signal]) => {
        throw new Error(
          `The process of the ${order.side} side ended with ${signal ?? `code ${code}`}, in a heap of ${heapMiB} MiB`
        )
      })
    ])
    return message
  }
  child.send(order)
  const { heapLimit } = (await answer()) as Ready
  return {
    heapLimit,
    turn: async () => {
      child.send("go")
      return (await answer()) as TurnDone
    },
    end: async () => {
      if (child.connected) child.disconnect()
      await ended
    }
  }
}

const sum = (values: ReadonlyArray<number>) => values.reduce((all, value) => all + value, 0)

/**
 * Writes the same rows into two databases of a store's, one by `importKeys` and one by the raw driver, in turn: whatever
 * else the machine does weighs on both.
 */
export const measureImport = async (
  bench: Bench,
  store: ImportStore,
  { heapMiB, rows }: Pick<ImportsOptions, "heapMiB" | "rows">,
  onTurn: (ours: TurnDone, theirs: TurnDone, rows: number) => void
): Promise<ImportOutcome> => {
  const turns = turnsOf(rows)
  const start = async (side: Side) => {
    const name = `${store}-${side}`
    const place = store === "sqlite" ? bench.file(`${name}.db`) : await bench.database(store, name)
    return startSide({ side, store, place, turns }, heapMiB)
  }
  const imported: Array<TurnDone> = []
  const bare: Array<TurnDone> = []
  const ours = await start("import")
  try {
    const theirs = await start("bare")
    try {
      for (const [turn, rowsOfTurn] of turns.entries()) {
        // Nobody always comes after the other.
        const first = turn % 2 === 0 ? ours : theirs
        const one = await first.turn()
        const other = await (first === ours ? theirs : ours).turn()
        const [our, their] = first === ours ? [one, other] : [other, one]
        imported.push(our)
        bare.push(their)
        onTurn(our, their, rowsOfTurn)
      }
    } finally {
      await theirs.end()
    }
  } finally {
    await ours.end()
  }
  const secondsOf = (side: ReadonlyArray<TurnDone>) => sum(side.map(({ seconds }) => seconds))
  const spread: Summary = summarize(imported.map(({ seconds }, turn) => (bare[turn]?.seconds ?? Number.NaN) / seconds))
  return {
    store,
    rows,
    imported: rows / secondsOf(imported),
    bare: rows / secondsOf(bare),
    ratio: secondsOf(bare) / secondsOf(imported),
    spread: [spread.low, spread.high],
    heap: Math.max(...imported.map(({ heap }) => heap)),
    heapLimit: ours.heapLimit
  }
}
