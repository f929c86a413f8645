import type { StoreLayer } from "@apikeys/core"
import type { Duration, Effect, Scope } from "effect"
import type { Migration } from "../../src/index.js"

type Row = Readonly<Record<string, unknown>>

/** A database, as the suites see it that every SQL store has to pass. An address is a URL or the name of a file. */
export interface SqlBackend {
  readonly title: string
  /** Begins the reason of every error. */
  readonly driver: string
  /** The address of an empty database, which is gone when the scope closes. */
  readonly emptyDatabase: Effect.Effect<string, never, Scope.Scope>
  readonly layer: (
    address: string,
    options?: {
      readonly migrate?: boolean
      readonly timeout?: Duration.DurationInput
      readonly maxConnections?: number
    }
  ) => StoreLayer
  /** Runs one statement, around the store. */
  readonly query: (address: string, statement: string) => Promise<ReadonlyArray<Row>>
  /** Runs statements, each of which ends with `;`. */
  readonly script: (address: string, statements: string) => Promise<void>
  readonly migrations: ReadonlyArray<Migration>
  /** Creates the table that records migrations. */
  readonly recordTable: string
  readonly schemaSql: string
  /** How values are written in statements. */
  readonly literal: {
    readonly id: (uuid: string) => string
    readonly instant: (millis: number) => string
    readonly bytes: (bytes: Uint8Array) => string
  }
}

export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
