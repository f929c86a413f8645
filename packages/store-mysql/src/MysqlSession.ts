import { StoreError } from "@apikeys/core"
import type { Connection } from "@effect/sql/SqlConnection"
import { Effect } from "effect"

/** A date that reads differently wherever a zone is mistaken. */
const probe = Date.UTC(2026, 1, 3, 4, 5, 6, 789)

interface Answer {
  readonly version: unknown
  readonly autocommit: unknown
  readonly selected: unknown
  readonly charsets: unknown
  readonly written: unknown
  readonly instant: unknown
}

const question = `select version() as version, @@session.autocommit as autocommit, database() as selected,
  concat_ws(' ', @@session.character_set_client, @@session.character_set_connection, @@session.character_set_results)
    as charsets,
  cast(cast(? as datetime(3)) as char) as written, cast('2026-02-03 04:05:06.789' as datetime(3)) as instant`

const oldest = { MySQL: [8, 4], MariaDB: [10, 11] } as const

const versionProblem = (version: string): string | null => {
  const product = version.includes("MariaDB") ? "MariaDB" : "MySQL"
  // Proxies put a version of their own before that of MariaDB.
  const [major = 0, minor = 0] = version
    .replace(/^5\.5\.5-/, "")
    .split(".")
    .map(Number.parseFloat)
  const [leastMajor, leastMinor] = oldest[product]
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null
  return `the server is ${product} ${major}.${minor}, this needs ${leastMajor}.${leastMinor} or newer`
}

/** What is wrong with a server or with the client's settings for it, so that the store would not be right on it. */
const problemOf = ({ autocommit, charsets, instant, selected, version, written }: Answer): string | null => {
  if (selected === null) return "no database is selected"
  if (Number(autocommit) !== 1) return "autocommit is off, so that reads would see what was long ago"
  if (charsets !== "utf8mb4 utf8mb4 utf8mb4") {
    return 'text does not come back as it was given: the client needs the charset utf8mb4, as in poolConfig: { charset: "utf8mb4" }'
  }
  if (!(instant instanceof Date) || instant.getTime() !== probe || written !== "2026-02-03 04:05:06.789") {
    return 'times do not come back as they were given: the client needs poolConfig: { timezone: "Z" }, and no url'
  }
  return versionProblem(String(version))
}

/** Fails unless what the queries rely on holds on this connection. */
export const checkSession = (connection: Connection) =>
  Effect.gen(function* () {
    const [row] = yield* connection.execute(question, [new Date(probe)], undefined)
    const problem = problemOf(row as Answer)
    if (problem !== null) {
      return yield* new StoreError({ operation: "open", retryable: false, reason: `mysql: ${problem}` })
    }
  })
