import type { Bench } from "../contenders/Bench.js"
import type { Contender, Open } from "../contenders/Contender.js"
import { connections, type Framework, type Guard, modeOf } from "./guards.js"
import { startServer } from "./startServer.js"

/** The least that autocannon measures in. */
const sampleMillis = 100

/** More than any round can use up. */
const many = 1_000_000_000

/** Keys that no server knows: what is unguarded gets fields of the same length. */
const strangers = (count: number) => Array.from({ length: count }, () => `bench_${"0".repeat(49)}`)

const isGuarded = (guard: Guard): guard is keyof typeof modeOf => Object.hasOwn(modeOf, guard)

const open = async (bench: Bench, framework: Framework, guard: Guard): Promise<Contender> => {
  const file = bench.file(`${framework} ${guard}.db`)
  const { plaintexts, port, stop } = await startServer({ framework, guard, file, limit: many })

  const { default: autocannon } = await import("autocannon")
  const keys = isGuarded(guard) ? plaintexts : strangers(connections)

  const load = async (clients: number, millis: number): Promise<number> => {
    let served = 0
    let seconds = 0
    let opened = 0
    // On a machine that is busy elsewhere a short round may pass without an answer, and the next one needs more time:
    // the server still works on the requests of this one.
    for (let duration = millis / 1000; served === 0; duration *= 2) {
      const result = await autocannon({
        url: `http://127.0.0.1:${port}/`,
        connections: clients,
        duration,
        sampleInt: sampleMillis,
        // Each connection has a key of its own. Given as requests, all connections would go through them in step.
        setupClient: (client) => client.setHeaders({ "x-api-key": keys[opened++ % keys.length] ?? "" })
      })
      const refused = result.non2xx + result.errors + result.timeouts
      if (refused > 0) throw new Error(`A ${guard} ${framework} route refused ${refused} requests`)
      served += result["2xx"]
      seconds += result.duration
    }
    return served / seconds
  }

  const { roundMillis, warmUpMillis } = bench.scale
  return {
    warmUp: async (clients) => {
      await load(clients, Math.max(sampleMillis, 2 * warmUpMillis))
    },
    // Twice as long as calls in this process: a request has more in it that varies.
    go: async (clients) => ({ "requests/s": await load(clients, Math.max(sampleMillis, 2 * roundMillis)) }),
    close: stop
  }
}

/** A route under load of this process, which does nothing else. */
export const servedRoute = (framework: Framework, guard: Guard): Readonly<Record<string, Open>> => ({
  [guard]: (bench) => open(bench, framework, guard)
})

/** How many of this many requests, of one client with one key, a route answers. */
export const countServed = async (bench: Bench, framework: Framework, guard: Guard, limit: number, amount: number) => {
  const file = bench.file(`${framework} ${guard}.db`)
  const { plaintexts, port, stop } = await startServer({ framework, guard, file, limit })
  const { default: autocannon } = await import("autocannon")
  const headers = { "x-api-key": plaintexts[0] ?? "" }
  const result = await autocannon({ url: `http://127.0.0.1:${port}/`, connections: 50, amount, headers })
  await stop()
  const { "2xx": served, statusCodeStats } = result
  const refused = Number(statusCodeStats?.["429"]?.count ?? 0)
  if (served + refused !== amount) throw new Error(`Of ${amount} requests ${served} were served and ${refused} refused`)
  return served
}
