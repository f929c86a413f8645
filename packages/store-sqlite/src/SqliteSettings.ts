import { Input, InvalidInputError } from "@apikeys/core"
import { type OptionRules, optionIssues } from "@apikeys/store-sql"
import { Duration, Effect, Predicate } from "effect"

/**
 * How an SQLite store is opened.
 *
 * @since 0.1.0
 */
export interface SqliteStoreOptions {
  /**
   * The database file, which is made where it is missing; beside it stand two of its own, `-wal` and `-shm`.
   * Several processes of one machine may share it, but it does not belong on a network's file system.
   * `:memory:` keeps everything in this process, until it closes.
   */
  readonly filename: string
  /**
   * How long a call may take, waiting for other writers included, before it is a `StoreError`; opening too waits
   * so long for a file that is locked. Default 2 seconds.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * Whether to bring the schema up to date, for which a start waits up to a minute while another process does so.
   * If not, an outdated one is an error. Default `true`.
   */
  readonly migrate?: boolean | undefined
  /**
   * What outlives a power cut or a crash of the operating system; the file stays whole in any case, and a crash
   * of the process loses nothing.
   *
   * - `normal` (default): every change of tenants and keys, such as a revocation, that was reported. Of charges
   *   and uses, those since the last such change or checkpoint may be lost: limits admit some calls again.
   * - `full`: charges and uses as well. Each then waits for the disk.
   */
  readonly synchronous?: "normal" | "full" | undefined
  /** Whose time rate limits go by: the database's (`store`, default), or that of Effect's `Clock`, for tests. */
  readonly time?: "store" | "clock" | undefined
}

/** The options as they are used. */
export interface SqliteSettings {
  readonly filename: string
  /** In milliseconds. */
  readonly timeout: number
  readonly migrate: boolean
  readonly synchronous: "normal" | "full"
  readonly time: "store" | "clock"
}

const defaults = { timeout: 2000, migrate: true, synchronous: "normal", time: "store" } as const

const hour = 3_600_000

const toMillis = (value: unknown): number => {
  try {
    return Duration.toMillis(Duration.decode(value as Duration.DurationInput))
  } catch {
    return Number.NaN
  }
}

const rules: OptionRules = {
  filename: {
    holds: (value) => typeof value === "string" && value.trim() !== "" && !value.includes("\u0000"),
    rule: "is not the name of a file"
  },
  timeout: {
    holds: (value) => toMillis(value) >= 1 && toMillis(value) <= hour,
    rule: "is not a duration from 1 millisecond to 1 hour"
  },
  migrate: { holds: Predicate.isBoolean, rule: "is not true or false" },
  synchronous: { holds: (value) => value === "normal" || value === "full", rule: "is not normal or full" },
  time: { holds: (value) => value === "store" || value === "clock", rule: "is not store or clock" }
}

/** Checks options, and fills in the defaults. */
export const makeSettings = (options: SqliteStoreOptions): Effect.Effect<SqliteSettings, InvalidInputError> => {
  const isMissing = Input.isPlainObject(options) && options.filename === undefined
  const issues = [...optionIssues(options, rules), ...(isMissing ? [{ path: "filename", rule: "is required" }] : [])]
  if (issues.length > 0) return new InvalidInputError({ issues })
  const { filename, migrate, synchronous, time, timeout } = options
  return Effect.succeed({
    filename,
    timeout: timeout === undefined ? defaults.timeout : toMillis(timeout),
    migrate: migrate ?? defaults.migrate,
    synchronous: synchronous ?? defaults.synchronous,
    time: time ?? defaults.time
  })
}
