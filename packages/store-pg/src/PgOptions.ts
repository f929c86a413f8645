import type { ConnectionOptions } from "node:tls"
import type { Duration, Redacted } from "effect"

/**
 * How a store over a client of the application behaves.
 *
 * @since 0.1.0
 */
export interface PgStoreClientOptions {
  /**
   * The schema in which the tables are, which migrating makes where it is missing. By default the first of the
   * connection's search path, usually `public`.
   */
  readonly schema?: string | undefined
  /** How long a call may take, waiting for a connection included; then it is a `StoreError`. Default 2 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Whether to bring the schema up to date. If not, an outdated one is an error. Default `true`. */
  readonly migrate?: boolean | undefined
  /** Whose time rate limits go by: the server's (`store`, default), or that of Effect's `Clock`, for tests. */
  readonly time?: "store" | "clock" | undefined
}

/**
 * How a PostgreSQL store is opened: by its `url`, or by `host` and what goes with it.
 *
 * @since 0.1.0
 */
export interface PgStoreOptions extends PgStoreClientOptions {
  /** `postgres://user:password@host:5432/database`, with `?sslmode=verify-full` where the server is elsewhere. */
  readonly url?: string | Redacted.Redacted | undefined
  readonly host?: string | undefined
  /** Default 5432. */
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | Redacted.Redacted | undefined
  /** `true` encrypts and checks the server's certificate; an object says how. Default: as the URL says, else `false`. */
  readonly ssl?: boolean | ConnectionOptions | undefined
  readonly pool?:
    | {
        /** How many connections there are at most. Default 10. */
        readonly max?: number | undefined
        /** How many are kept although nobody needs them. Default 0. */
        readonly min?: number | undefined
        /** After how long one that nobody needs is closed. Default 10 seconds. */
        readonly idleTimeout?: Duration.DurationInput | undefined
        /** After how long each is replaced, so that none stays with a server that was. Default never. */
        readonly maxLifetime?: Duration.DurationInput | undefined
      }
    | undefined
}
