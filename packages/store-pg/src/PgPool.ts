import { TLSSocket } from "node:tls"
import { StoreError } from "@apikeys/core"
import * as Reactivity from "@effect/experimental/Reactivity"
import { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Redacted, type Scope } from "effect"
import { Pool, type PoolClient } from "pg"
import { classify } from "./PgFailure.js"
import type { PgSettings } from "./PgSettings.js"

/** How long connections may take to end with the scope. */
const closingMillis = 1000

/**
 * Has the server end by itself what a connection is asked and takes too long, for as long as that stands. A pooler that
 * lends one connection to many would pass that on to others; it shows, since it gives another process than it talks to.
 */
const bound = (client: PoolClient, millis: number, told: (isBounded: boolean) => void): void =>
  client.query(
    "select set_config('statement_timeout', $1, false) where pg_backend_pid() = $2",
    [String(millis), (client as { readonly processID?: number | null }).processID ?? 0],
    (error: Error | undefined, result) => {
      // One that is lost before it answered says nothing of the others.
      if (!error) told(result.rowCount === 1)
    }
  )

/** Timers of more are none. */
const longestTimer = 2 ** 31 - 1

const millisOf = (duration: Duration.DurationInput | undefined): number | undefined =>
  duration === undefined ? undefined : Math.min(longestTimer, Duration.toMillis(duration))

/** A pool of our own. */
interface OwnPool {
  readonly pool: Pool
  /** Where the connection led that was made last, and how. */
  readonly peer: () => { readonly host: string; readonly isEncrypted: boolean }
  /** Whether the server ends by itself a statement that takes longer than a call may. */
  readonly areBounded: () => boolean
}

/** A pool whose clients pipeline: what they are given to do, they send without waiting for what came before. */
const makePool = ({ connection, pool, timeout }: PgSettings): OwnPool => {
  let isBounded = false
  let last: PoolClient | null = null
  const made = new Pool({
    connectionString: connection.url && Redacted.value(connection.url),
    user: connection.username,
    host: connection.host,
    database: connection.database,
    password: connection.password && Redacted.value(connection.password),
    ssl: connection.ssl,
    port: connection.port,
    connectionTimeoutMillis: timeout,
    idleTimeoutMillis: millisOf(pool.idleTimeout),
    max: pool.max,
    min: pool.min,
    maxLifetimeSeconds: (millisOf(pool.maxLifetime) ?? 0) / 1000,
    application_name: "apikeys",
    pipeline: true
  })
  // What a connection carries fails by itself, and one that carries nothing is replaced.
  made.on("error", () => undefined)
  made.on("connect", (client) => {
    client.on("error", () => undefined)
    last = client
    bound(client, timeout, (is) => {
      isBounded = is
    })
  })
  return {
    pool: made,
    peer: () => ({ host: last?.host ?? "localhost", isEncrypted: last?.connection.stream instanceof TLSSocket }),
    areBounded: () => isBounded
  }
}

const openPool = (settings: PgSettings): Effect.Effect<OwnPool, SqlError, Scope.Scope> =>
  Effect.tap(
    Effect.acquireRelease(
      Effect.sync(() => makePool(settings)),
      ({ pool }) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption(closingMillis))
    ),
    ({ pool }) =>
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
): Effect.Effect<OwnPool & { readonly client: PgClient.PgClient }, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const own = yield* openPool(settings)
    return { ...own, client: yield* PgClient.fromPool({ acquire: Effect.succeed(own.pool) }) }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchAll((error) => {
      const { code, retryable } = classify(error)
      return new StoreError({ operation: "open", retryable, reason: `pg ${code}` })
    })
  )
