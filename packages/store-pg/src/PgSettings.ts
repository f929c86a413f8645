import { Input, InvalidInputError } from "@apikeys/core"
import { type OptionRule, type OptionRules, optionIssues } from "@apikeys/store-sql"
import { Duration, Effect, Predicate, Redacted } from "effect"
import type { PgStoreClientOptions, PgStoreOptions } from "./PgOptions.js"

/** What is the same whosever client it is. */
export interface PgClientSettings {
  /** `null`: the first of the search path. */
  readonly schema: string | null
  /** In milliseconds. */
  readonly timeout: number
  readonly migrate: boolean
  readonly time: "store" | "clock"
}

/** The options as they are used. */
export interface PgSettings extends PgClientSettings {
  readonly connection: Pick<PgStoreOptions, "host" | "port" | "database" | "username" | "ssl"> & {
    readonly url: Redacted.Redacted | undefined
    readonly password: Redacted.Redacted | undefined
  }
  readonly pool: NonNullable<PgStoreOptions["pool"]>
}

const defaults = { timeout: 2000, migrate: true, time: "store" } as const

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
  schema: {
    // The server itself cuts off what is longer, and keeps `pg_` for itself.
    holds: (value) => typeof value === "string" && /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(value),
    rule: "is not 1 to 63 of a-z 0-9 _, beginning with neither a digit nor pg_"
  },
  timeout: {
    holds: (value) => toMillis(value) >= 1 && toMillis(value) <= hour,
    rule: "is not a duration from 1 millisecond to 1 hour"
  },
  migrate: { holds: Predicate.isBoolean, rule: "is not true or false" },
  time: { holds: (value) => value === "store" || value === "clock", rule: "is not store or clock" }
}

const rules: OptionRules = {
  ...clientRules,
  url: {
    holds: (value) => isText(revealed(value)) && /^postgres(ql)?:\/\//.test(String(revealed(value))),
    rule: "is not a URL that begins with postgres:// or postgresql://"
  },
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

const duration: OptionRule = {
  holds: (value) => toMillis(value) >= 1,
  rule: "is not a duration of 1 millisecond or more"
}

const poolRules: OptionRules = {
  max: { holds: within(1, 10_000), rule: "is not a whole number from 1 to 10000" },
  min: { holds: within(0, 10_000), rule: "is not a whole number from 0 to 10000" },
  idleTimeout: duration,
  maxLifetime: duration
}

type Issues = InvalidInputError["issues"]

const parts = ["host", "port", "database", "username", "password"] as const

const addressIssues = (options: PgStoreOptions): Issues => {
  if (options.url === undefined) {
    return options.host === undefined ? [{ path: "url", rule: "is required, unless host is given" }] : []
  }
  const beside = parts.filter((part) => options[part] !== undefined)
  return beside.map((path) => ({ path, rule: "cannot be given beside url, which says it already" }))
}

const settingsOf = ({ migrate, schema, time, timeout }: PgStoreClientOptions): PgClientSettings => ({
  schema: schema ?? null,
  timeout: timeout === undefined ? defaults.timeout : toMillis(timeout),
  migrate: migrate ?? defaults.migrate,
  time: time ?? defaults.time
})

/** Checks options of a store over a client of the application, and fills in the defaults. */
export const makeClientSettings = (
  options: PgStoreClientOptions
): Effect.Effect<PgClientSettings, InvalidInputError> => {
  const issues = optionIssues(options, clientRules)
  return issues.length > 0 ? new InvalidInputError({ issues }) : Effect.sync(() => settingsOf(options))
}

const redacted = (value: string | Redacted.Redacted | undefined) =>
  typeof value === "string" ? Redacted.make(value) : value

/** Checks options, and fills in the defaults. */
export const makeSettings = (options: PgStoreOptions): Effect.Effect<PgSettings, InvalidInputError> => {
  const issues = [
    ...optionIssues(options, rules),
    ...(Input.isPlainObject(options) ? addressIssues(options) : []),
    ...(Input.isPlainObject(options) && options.pool !== undefined
      ? optionIssues(options.pool, poolRules, "pool.")
      : [])
  ]
  if (issues.length > 0) return new InvalidInputError({ issues })
  const { database, host, password, pool, port, ssl, url, username } = options
  return Effect.succeed({
    ...settingsOf(options),
    connection: { host, port, database, username, ssl, url: redacted(url), password: redacted(password) },
    pool: pool ?? {}
  })
}
