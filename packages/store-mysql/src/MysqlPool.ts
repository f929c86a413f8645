import { StoreError } from "@apikeys/core"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Effect, Redacted, type Scope } from "effect"
import { classify } from "./MysqlFailure.js"
import type { MysqlSettings } from "./MysqlSettings.js"

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
      ...(ssl === undefined ? {} : { ssl: { ...ssl } as object })
    }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchTag("SqlError", (error) => {
      const { code, retryable } = classify(error)
      return new StoreError({ operation: "open", retryable, reason: `mysql ${code}` })
    })
  )
}
