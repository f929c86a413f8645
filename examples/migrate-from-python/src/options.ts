import { parseArgs } from "node:util"
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
  /** What the old keys begin with: for people to tell them apart. */
  readonly prefix: string
  readonly environment: string | null
  readonly digests: Digests
  /** When 0.2 took the place of 0.1: keys that are older have SHA-256 digests. */
  readonly upgradedAt: Date | null
  readonly wildcards: "refuse" | "grant"
  readonly invalidScopes: "refuse" | "drop"
  readonly zeroLimits: "refuse" | "unlimited"
}

export const usage = `Usage: node dist/main.js --from <file or URL> --to <file or URL> [options]

  --from, --to        the old and the new database, or $FROM_DATABASE and $TO_DATABASE: a password on a
                      command line is seen by everybody on the machine. They may be the same one
  --prefix            what the old keys begin with (sk)
  --environment       their environment, if they have one
  --digests           auto, hmac or sha256 (auto: rows whose limit is an integer, as 0.1 had it, are SHA-256)
  --upgraded-at       when 0.2 took the place of 0.1, as in 2024-05-01T12:00Z: older keys are SHA-256
  --wildcards         refuse or grant the scopes * and …:*, plain strings there, wildcards here (refuse)
  --invalid-scopes    refuse keys with scopes that are none here, or drop those scopes (refuse)
  --zero-limits       refuse keys with a limit of 0, or make them unlimited (refuse)

$APIKEYS_SIGNING_SECRET is the signing secret from now on, and $OLD_SIGNING_SECRET that of the old library, where it is
another one. Lines about single rows and the report go to the output, progress to the error output. Exit codes: 0 all is there, 1 an error ended it (it may be run again), 2 it was
called wrongly, 3 some rows were refused.`

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

const parse = (args: ReadonlyArray<string>) =>
  parseArgs({
    args: [...args],
    options: {
      from: text,
      to: text,
      prefix: { ...text, default: "sk" },
      environment: text,
      digests: { ...text, default: "auto" },
      "upgraded-at": text,
      wildcards: { ...text, default: "refuse" },
      "invalid-scopes": { ...text, default: "refuse" },
      "zero-limits": { ...text, default: "refuse" }
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
    return {
      from: readDatabaseUrl(required(values.from ?? env["FROM_DATABASE"], "--from")),
      to: readDatabaseUrl(required(values.to ?? env["TO_DATABASE"], "--to")),
      signingSecret,
      oldSigningSecret: required(env["OLD_SIGNING_SECRET"] ?? signingSecret, "$OLD_SIGNING_SECRET"),
      prefix: values.prefix,
      environment: values.environment ?? null,
      digests: oneOf("digests", values.digests, ["auto", "hmac", "sha256"]),
      upgradedAt: instant(values["upgraded-at"]),
      wildcards: oneOf("wildcards", values.wildcards, ["refuse", "grant"]),
      invalidScopes: oneOf("invalid-scopes", values["invalid-scopes"], ["refuse", "drop"]),
      zeroLimits: oneOf("zero-limits", values["zero-limits"], ["refuse", "unlimited"])
    }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error))
  }
}
