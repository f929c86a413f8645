import { parseArgs } from "node:util"
import { pythonKeys } from "@apikeys/core"
import { type DatabasePlace, readDatabaseUrl } from "./databaseUrl.js"
import { readInstant } from "./instants.js"

/** How keys were digested: `auto` takes a row of 0.1, as far as it shows, for SHA-256, and any other for HMAC. */
export type Digests = "auto" | "hmac" | "sha256"

/** What to migrate, whereto, and what becomes of keys that this library would not make. */
export interface MigrationOptions {
  readonly from: DatabasePlace
  readonly to: DatabasePlace
  /** That of the client from now on. */
  readonly signingSecret: string
  /** That of the old library, under which its digests are; it may be the same one. */
  readonly oldSigningSecret: string
  /** What the old keys begin with: each prefix with each environment, `null` for none. */
  readonly prefixes: ReadonlyArray<string>
  readonly environments: ReadonlyArray<string | null>
  readonly digests: Digests
  /** When 0.2 took the place of 0.1: keys that are older have SHA-256 digests. */
  readonly upgradedAt: Date | null
  readonly wildcards: "refuse" | "grant"
  readonly invalidScopes: "refuse" | "drop"
  /** Limits of 0, and negative ones, which admit nothing. */
  readonly zeroLimits: "refuse" | "unlimited"
  /** Integers above 2^53 and other numbers that would change. */
  readonly largeNumbers: "refuse" | "text"
  /** Links that keys imply, since the old library did not look at links. */
  readonly links: "keep" | "add"
}

export const usage = `Usage: node dist/main.js --from <file or URL> --to <file or URL> [options]

  --from, --to        the old and the new database, or $FROM_DATABASE and $TO_DATABASE: a password on a
                      command line is seen by everybody on the machine. They may be the same one
  --prefix            what the old keys begin with (sk); may be repeated
  --environment       their environment, if they have one; may be repeated, "" for keys that have none
  --digests           auto, hmac or sha256 (auto: rows whose limit is an integer, as 0.1 had it, are SHA-256)
  --upgraded-at       when 0.2 took the place of 0.1, as in 2024-05-01T12:00Z: older keys are SHA-256
  --wildcards         refuse or grant the scopes * and …:*, plain strings there, wildcards here (refuse)
  --invalid-scopes    refuse keys with scopes that are none here, or drop those scopes (refuse)
  --zero-limits       refuse keys with a limit of 0 or a negative one, or make them unlimited (refuse)
  --large-numbers     refuse keys whose metadata has integers above 2^53, or take these over as text (refuse)
  --links             keep the links that there are, or add those that keys imply: the old library let a key of a
                      project pass for every product of its organization, and one of a product for every project (keep)

$APIKEYS_SIGNING_SECRET is the signing secret from now on, and $OLD_SIGNING_SECRET that of the old library, where it is
another one. Lines about single rows and the report go to the output, progress to the error output. Exit codes: 0 all is
there, 1 an error ended it (it may be run again), 2 it was called wrongly, 3 some rows were refused.`

/** What is wrong with the call; {@link usage} says what would be right. */
export class UsageError extends Error {}

const text = { type: "string" } as const

const oneOf = <A extends string>(name: string, value: string, allowed: ReadonlyArray<A>): A => {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw new UsageError(`--${name} is one of ${allowed.join(", ")}`)
  return found
}

const required = (value: string | undefined, what: string): string => {
  if (value === undefined || value === "") throw new UsageError(`${what} is missing`)
  return value
}

const instant = (value: string | undefined): Date | null => {
  if (value === undefined) return null
  const written = readInstant(value)
  if (written === null) throw new UsageError("--upgraded-at is not a date such as 2024-05-01T12:00Z")
  return written.at
}

/** Checked here, so that no form fails once everything has been migrated. */
const checkHeads = (prefixes: ReadonlyArray<string>, environments: ReadonlyArray<string | null>): void => {
  for (const prefix of prefixes) for (const environment of environments) pythonKeys({ prefix, environment })
}

const parse = (args: ReadonlyArray<string>) =>
  parseArgs({
    args: [...args],
    options: {
      from: text,
      to: text,
      prefix: { ...text, multiple: true, default: ["sk"] },
      environment: { ...text, multiple: true, default: [""] },
      digests: { ...text, default: "auto" },
      "upgraded-at": text,
      wildcards: { ...text, default: "refuse" },
      "invalid-scopes": { ...text, default: "refuse" },
      "zero-limits": { ...text, default: "refuse" },
      "large-numbers": { ...text, default: "refuse" },
      links: { ...text, default: "keep" }
    }
  }).values

/** The options of a command line, or a {@link UsageError}. */
export const readOptions = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>
): MigrationOptions => {
  try {
    const values = parse(args)
    const signingSecret = required(env["APIKEYS_SIGNING_SECRET"], "$APIKEYS_SIGNING_SECRET")
    const environments = values.environment.map((environment) => (environment === "" ? null : environment))
    checkHeads(values.prefix, environments)
    return {
      from: readDatabaseUrl(required(values.from ?? env["FROM_DATABASE"], "--from")),
      to: readDatabaseUrl(required(values.to ?? env["TO_DATABASE"], "--to")),
      signingSecret,
      oldSigningSecret: required(env["OLD_SIGNING_SECRET"] ?? signingSecret, "$OLD_SIGNING_SECRET"),
      prefixes: values.prefix,
      environments,
      digests: oneOf("digests", values.digests, ["auto", "hmac", "sha256"]),
      upgradedAt: instant(values["upgraded-at"]),
      wildcards: oneOf("wildcards", values.wildcards, ["refuse", "grant"]),
      invalidScopes: oneOf("invalid-scopes", values["invalid-scopes"], ["refuse", "drop"]),
      zeroLimits: oneOf("zero-limits", values["zero-limits"], ["refuse", "unlimited"]),
      largeNumbers: oneOf("large-numbers", values["large-numbers"], ["refuse", "text"]),
      links: oneOf("links", values.links, ["keep", "add"])
    }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error))
  }
}
