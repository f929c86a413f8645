import type { RateLimiterPostgres as Limiter } from "rate-limiter-flexible"
import { awaited } from "../measure/pace.js"
import type { Bench } from "./Bench.js"
import { caller, type Open } from "./Contender.js"
import { rotating } from "./keys.js"
import { openPool } from "./pool.js"

/** With a table of its own. */
export const openRateLimiterFlexible = async (bench: Bench, points: number) => {
  const { RateLimiterPostgres } = await import("rate-limiter-flexible")
  const pool = await openPool(await bench.database("pg", "rate-limiter-flexible"))
  const limiter = await new Promise<Limiter>((resolve, reject) => {
    const made: Limiter = new RateLimiterPostgres(
      { storeClient: pool, points, duration: 86_400, tableName: "rate_limits", clearExpiredByTimeout: false },
      (error) => (error === undefined ? resolve(made) : reject(error))
    )
  })
  return { limiter, close: () => pool.end() }
}

export const rateLimiterFlexible: Open = async (bench) => {
  const { close, limiter } = await openRateLimiterFlexible(bench, 2_000_000_000)
  const name = rotating(Array.from({ length: bench.scale.keys }, (_, index) => `key ${index}`))
  // Rejects where the limit is reached.
  return caller(bench.scale, { run: awaited((index) => limiter.consume(name(index))), close })
}
