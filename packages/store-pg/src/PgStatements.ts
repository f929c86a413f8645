import type { Query } from "@apikeys/store-sql"
import { Predicate } from "effect"
import type { QueryArrayConfig, QueryConfig } from "pg"
import { types } from "./PgValues.js"

/** As many statements as a connection keeps: more than there are. */
const maxNames = 128

/** What takes longer may go by a plan that was made when the tables were small. */
const slowMillis = 100

/** How often that is a reason to plan anew: the server itself looks at its tables as often, and then does so. */
const renewedMillis = 60_000

/** The server, or a pooler before it, does not know a name, or knows it already: connections are not who they were. */
const mistaken = new Set(["26000", "42P05"])

/** What a kept statement gives has other columns than when it was kept. */
const outdated = "0A000"

/** What became of a statement that was kept. */
export type Fate = "mistaken" | "outdated" | null

/**
 * FNV-1a of 64 bits, by which a text has the same name in every process: behind a pooler that mixes up connections, a name
 * must not stand for another text.
 */
const nameOf = (text: string): string => {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return `apikeys_${text.length}_${hash.toString(36)}`
}

interface Known {
  readonly name: string | undefined
  readonly changesNothing: boolean
}

/**
 * Statements that each connection keeps by a name, so that the server reads and plans them once. Where names are not
 * understood, nothing is kept any more. A plan that suited a table once would be kept until the server has counted its
 * rows again: so where reads have become slow, connections are replaced.
 */
export const makeStatements = () => {
  const known = new Map<string, Known>()
  let understood = true
  let renewedAt = Number.NEGATIVE_INFINITY
  const seenAt = new WeakMap<object, number>()

  const knownOf = (text: string): Known => {
    const found = known.get(text)
    if (found !== undefined) return found
    const name = known.size < maxNames ? nameOf(text) : undefined
    const made = { name, changesNothing: /^\s*select\b/i.test(text) }
    if (name !== undefined) known.set(text, made)
    return made
  }

  return {
    /** Whether statements go by their names just now. */
    areKept: (): boolean => understood,
    /** As the driver takes it. */
    toConfig: ({ asValues, params, text }: Query, kept: boolean): QueryConfig | QueryArrayConfig => {
      const config = { name: kept ? knownOf(text).name : undefined, text, values: params as Array<unknown>, types }
      return asValues ? { ...config, rowMode: "array" } : config
    },
    changesNothing: (query: Query): boolean => knownOf(query.text).changesNothing,
    /** Tells how long a connection took over statements that it keeps. */
    took: (connection: object, millis: number): void => {
      const now = performance.now()
      if (!seenAt.has(connection)) seenAt.set(connection, now)
      if (millis > slowMillis && now - renewedAt > renewedMillis) renewedAt = now
    },
    /** Whether a connection is to be replaced by one that plans anew. */
    isWornOut: (connection: object): boolean => (seenAt.get(connection) ?? Number.POSITIVE_INFINITY) <= renewedAt,
    /** What an error says of statements that were kept. */
    fateOf: (error: unknown): Fate => {
      const code = Predicate.hasProperty(error, "code") ? String(error.code) : ""
      if (code === outdated) return "outdated"
      if (!mistaken.has(code)) return null
      understood = false
      return "mistaken"
    }
  }
}

export type Statements = ReturnType<typeof makeStatements>
