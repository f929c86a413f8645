import { connect, isIP } from "node:net"
import { StoreError } from "@apikeys/core"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Effect, Redacted, type Scope } from "effect"
import { classify } from "./MysqlFailure.js"
import type { MysqlSettings } from "./MysqlSettings.js"

/**
 * A certificate is checked against what a socket was connected to. Of one that was connected to an address Node does not
 * keep that, and would take a certificate for `localhost`.
 */
const connectTo = (host: string, port: number) => () =>
  Object.assign(connect({ host, port, noDelay: true, keepAlive: true }), { _host: host })

/** Makes a client of our own, with a first connection. */
export const openClient = ({
  address,
  maxConnections,
  timeout
}: MysqlSettings): Effect.Effect<MysqlClient.MysqlClient, StoreError, Scope.Scope> => {
  const { database, host, password, port, ssl, username } = Redacted.value(address)
  return MysqlClient.make({
    host,
    port,
    database,
    username,
    password: password === undefined ? undefined : Redacted.make(password),
    maxConnections,
    poolConfig: {
      timezone: "Z",
      charset: "utf8mb4",
      connectTimeout: timeout,
      // With fewer, the driver looks every second for some to close.
      maxIdle: maxConnections,
      ...(ssl === undefined ? {} : { ssl: { ...ssl } as object }),
      ...(ssl === undefined || isIP(host) === 0 ? {} : { stream: connectTo(host, port) })
    }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchTag("SqlError", (error) => {
      const { code, retryable } = classify(error)
      return new StoreError({ operation: "open", retryable, reason: `mysql ${code}` })
    })
  )
}
