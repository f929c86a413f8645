import type { Pool } from "pg"

/** A pool of `pg`, with as many connections as the library has. */
export const openPool = async (url: string): Promise<Pool> => {
  const { default: pg } = await import("pg")
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  // A pool has ended before its connections have; those the server ends, when it drops the database.
  pool.on("error", () => undefined)
  return pool
}
