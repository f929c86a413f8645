import type { SecureContextOptions } from "node:tls"
import type { Duration, Redacted } from "effect"

/**
 * How a store over a client of the application behaves.
 *
 * @since 0.1.0
 */
export interface MysqlStoreClientOptions {
  /** How long a call may take, waiting for a connection included; then it is a `StoreError`. Default 2 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Whether to bring the schema up to date. If not, an outdated one is an error. Default `true`. */
  readonly migrate?: boolean | undefined
  /** Whose time rate limits go by: the server's (`store`, default), or that of Effect's `Clock`, for tests. */
  readonly time?: "store" | "clock" | undefined
}

/**
 * How connections are encrypted.
 *
 * @since 0.1.0
 */
export interface MysqlSslOptions
  extends Pick<SecureContextOptions, "ca" | "cert" | "ciphers" | "key" | "passphrase" | "minVersion" | "maxVersion"> {
  /** Whether a server whose certificate nobody vouches for is refused. Default `true`. */
  readonly rejectUnauthorized?: boolean | undefined
  /** Whether the certificate has to be of the host as well, by its name or address. Default `true`. */
  readonly verifyIdentity?: boolean | undefined
}

/**
 * How a store on MySQL or MariaDB is opened: by its `url`, or by `host` and what goes with it.
 *
 * @since 0.1.0
 */
export interface MysqlStoreOptions extends MysqlStoreClientOptions {
  /**
   * `mysql://user:password@host:3306/database`, or `mariadb://…`; `?ssl-mode=` may be `DISABLED`, `REQUIRED`,
   * `VERIFY_CA` or `VERIFY_IDENTITY`. What stands in it is written as in every URL: `@` in a password as `%40`.
   */
  readonly url?: string | Redacted.Redacted | undefined
  readonly host?: string | undefined
  /** Default 3306. */
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | Redacted.Redacted | undefined
  /**
   * `true` encrypts, and checks that the server's certificate is one of the host; an object says how. Default: as the URL
   * says, else `false`.
   */
  readonly ssl?: boolean | MysqlSslOptions | undefined
  readonly pool?:
    | {
        /** How many connections there are at most. Default 10. */
        readonly max?: number | undefined
        /** After how long each is replaced, so that none stays with a server that was. Default never. */
        readonly maxLifetime?: Duration.DurationInput | undefined
      }
    | undefined
}
