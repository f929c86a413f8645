import { Input, InvalidInputError } from "@apikeys/core"
import { type OptionRules, optionIssues } from "@apikeys/store-sql"
import { Duration, Effect, Predicate, Redacted } from "effect"
import type { MysqlSslOptions, MysqlStoreClientOptions, MysqlStoreOptions } from "./MysqlOptions.js"
import { type MysqlAddress, parseUrl } from "./MysqlUrl.js"

/** What is the same whosever client it is. */
export interface MysqlClientSettings {
  /** In milliseconds. */
  readonly timeout: number
  readonly migrate: boolean
  readonly time: "store" | "clock"
}

/** The options as they are used. */
export interface MysqlSettings extends MysqlClientSettings {
  readonly address: Redacted.Redacted<MysqlAddress>
  readonly maxConnections: number
  /** In milliseconds; `null`: for ever. */
  readonly maxLifetime: number | null
}

const defaults = { timeout: 2000, migrate: true, time: "store", maxConnections: 10, port: 3306 } as const

const hour = 3_600_000

const toMillis = (value: unknown): number => {
  try {
    return Duration.toMillis(Duration.decode(value as Duration.DurationInput))
  } catch {
    return Number.NaN
  }
}

const within = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most

const isText = (value: unknown): boolean =>
  typeof value === "string" && value.trim() !== "" && !value.includes("\u0000")

const revealed = (value: unknown): unknown => (Redacted.isRedacted(value) ? Redacted.value(value) : value)

const clientRules: OptionRules = {
  timeout: {
    holds: (value) => toMillis(value) >= 1 && toMillis(value) <= hour,
    rule: "is not a duration from 1 millisecond to 1 hour"
  },
  migrate: { holds: Predicate.isBoolean, rule: "is not true or false" },
  time: { holds: (value) => value === "store" || value === "clock", rule: "is not store or clock" }
}

const rules: OptionRules = {
  ...clientRules,
  url: { holds: (value) => isText(revealed(value)), rule: "is not a URL" },
  host: { holds: isText, rule: "is not the name of a host" },
  port: { holds: within(1, 65_535), rule: "is not a port" },
  database: { holds: isText, rule: "is not the name of a database" },
  username: { holds: isText, rule: "is not the name of a user" },
  password: { holds: (value) => typeof revealed(value) === "string", rule: "is not text" },
  ssl: {
    holds: (value) => Predicate.isBoolean(value) || Predicate.isRecord(value),
    rule: "is not true, false or the options of a TLS connection"
  },
  // It has rules of its own.
  pool: { holds: () => true, rule: "" }
}

const poolRules: OptionRules = {
  max: { holds: within(1, 10_000), rule: "is not a whole number from 1 to 10000" },
  maxLifetime: { holds: (value) => toMillis(value) >= 1, rule: "is not a duration of 1 millisecond or more" }
}

type Issues = InvalidInputError["issues"]

const parts = ["host", "port", "database", "username", "password"] as const

const addressIssues = (options: MysqlStoreOptions): Issues => {
  if (options.url !== undefined) {
    const beside = parts.filter((part) => options[part] !== undefined)
    return beside.map((path) => ({ path, rule: "cannot be given beside url, which says it already" }))
  }
  if (options.host === undefined) return [{ path: "url", rule: "is required, unless host is given" }]
  return options.database === undefined ? [{ path: "database", rule: "is required" }] : []
}

const settingsOf = ({ migrate, time, timeout }: MysqlStoreClientOptions): MysqlClientSettings => ({
  timeout: timeout === undefined ? defaults.timeout : toMillis(timeout),
  migrate: migrate ?? defaults.migrate,
  time: time ?? defaults.time
})

/** Checks options of a store over a client of the application, and fills in the defaults. */
export const makeClientSettings = (
  options: MysqlStoreClientOptions
): Effect.Effect<MysqlClientSettings, InvalidInputError> => {
  const issues = optionIssues(options, clientRules)
  return issues.length > 0 ? new InvalidInputError({ issues }) : Effect.sync(() => settingsOf(options))
}

const sslOf = (ssl: MysqlStoreOptions["ssl"], byUrl: MysqlSslOptions | undefined): MysqlSslOptions | undefined => {
  if (ssl === undefined) return byUrl
  if (ssl === false) return undefined
  const given = ssl === true ? {} : ssl
  return {
    ...given,
    rejectUnauthorized: given.rejectUnauthorized ?? true,
    verifyIdentity: given.verifyIdentity ?? true
  }
}

const addressOf = (options: MysqlStoreOptions): MysqlAddress | string => {
  const { database = "", host = "", port, ssl, url, username } = options
  if (url !== undefined) {
    const address = parseUrl(String(revealed(url)))
    return typeof address === "string" ? address : { ...address, ssl: sslOf(ssl, address.ssl) }
  }
  const password = revealed(options.password) as string | undefined
  return { host, port: port ?? defaults.port, database, username, password, ssl: sslOf(ssl, undefined) }
}

/** Checks options, and fills in the defaults. */
export const makeSettings = (options: MysqlStoreOptions): Effect.Effect<MysqlSettings, InvalidInputError> => {
  const issues = [
    ...optionIssues(options, rules),
    ...(Input.isPlainObject(options) ? addressIssues(options) : []),
    ...(Input.isPlainObject(options) && options.pool !== undefined
      ? optionIssues(options.pool, poolRules, "pool.")
      : [])
  ]
  if (issues.length > 0) return new InvalidInputError({ issues })
  const address = addressOf(options)
  if (typeof address === "string") return new InvalidInputError({ issues: [{ path: "url", rule: address }] })
  return Effect.succeed({
    ...settingsOf(options),
    address: Redacted.make(address),
    maxConnections: options.pool?.max ?? defaults.maxConnections,
    maxLifetime: options.pool?.maxLifetime === undefined ? null : toMillis(options.pool.maxLifetime)
  })
}
