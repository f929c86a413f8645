import { StoreError } from "@apikeys/core"
import * as Reactivity from "@effect/experimental/Reactivity"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Redacted, type Scope } from "effect"
import { Pool } from "pg"
import { classify } from "./PgFailure.js"
import type { PgSettings } from "./PgSettings.js"

/** How long connections may take to end with the scope. */
const closingMillis = 1000

/** A pool whose clients pipeline: what they are given to do, they send without waiting for what came before. */
const makePool = ({ connection, pool, timeout }: PgSettings): Pool => {
  const made = new Pool({
    connectionString: connection.url && Redacted.value(connection.url),
    user: connection.username,
    host: connection.host,
    database: connection.database,
    password: connection.password && Redacted.value(connection.password),
    ssl: connection.ssl,
    port: connection.port,
    connectionTimeoutMillis: timeout,
    idleTimeoutMillis: pool.idleTimeout === undefined ? undefined : Duration.toMillis(pool.idleTimeout),
    max: pool.max,
    min: pool.min,
    maxLifetimeSeconds: pool.maxLifetime === undefined ? undefined : Duration.toSeconds(pool.maxLifetime),
    application_name: "apikeys",
    pipeline: true
  })
  // What a connection carries fails by itself, and one that carries nothing is replaced.
  made.on("error", () => undefined)
  made.on("connect", (client) => client.on("error", () => undefined))
  return made
}

const openPool = (settings: PgSettings): Effect.Effect<Pool, SqlError, Scope.Scope> =>
  Effect.tap(
    Effect.acquireRelease(
      Effect.sync(() => makePool(settings)),
      (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption(closingMillis))
    ),
    (pool) =>
      Effect.tryPromise({
        try: () => pool.query("select 1"),
        catch: (cause) => new SqlError({ cause, message: "Failed to connect" })
      }).pipe(
        Effect.timeoutFail({
          duration: settings.timeout,
          onTimeout: () => new SqlError({ cause: new Error("Connection timed out"), message: "Failed to connect" })
        })
      )
  )

/** Makes the pool, and a client of it, and fails unless the server answers. */
export const openClient = (
  settings: PgSettings
): Effect.Effect<{ readonly client: PgClient.PgClient; readonly pool: Pool }, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const pool = yield* openPool(settings)
    return { client: yield* PgClient.fromPool({ acquire: Effect.succeed(pool) }), pool }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchAll((error) => {
      const { code, retryable } = classify(error)
      return new StoreError({ operation: "open", retryable, reason: `pg ${code}` })
    })
  )
