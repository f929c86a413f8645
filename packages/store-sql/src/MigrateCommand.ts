import { type InvalidInputError, StoreError } from "@apikeys/core"
import { Cause, Effect, Exit, Option } from "effect"
import { isUnfit, type SchemaChange } from "./SchemaVersion.js"

/**
 * What the command of a store package is about.
 *
 * @since 0.1.0
 */
export interface MigrateCommand {
  /** As one runs it: `npx @apikeys/store-pg`. */
  readonly program: string
  /** The variables of the environment that may say where the database is; the first that is set counts. */
  readonly variables: ReadonlyArray<string>
  /** What comes after `--`, with what it stands for: `{ schema: "NAME" }`. */
  readonly options: { readonly [option: string]: string }
  /** @param address what the variable holds */
  readonly migrate: (
    address: string,
    options: GivenOptions
  ) => Effect.Effect<SchemaChange, StoreError | InvalidInputError>
  /** Fails unless the schema is up to date. */
  readonly check: (address: string, options: GivenOptions) => Effect.Effect<void, StoreError | InvalidInputError>
}

/** What was given after each `--`. */
export type GivenOptions = { readonly [option: string]: string }

/**
 * What a command says, and how it ends: 0 all is well, 1 the schema does not fit, 2 it was not understood, 3 the
 * database failed.
 *
 * @since 0.1.0
 */
export interface CommandResult {
  readonly exitCode: 0 | 1 | 2 | 3
  readonly text: string
}

interface Asked {
  readonly check: boolean
  readonly options: GivenOptions
}

const usageOf = ({ options, program, variables }: MigrateCommand): string => {
  const given = Object.entries(options).map(([option, value]) => ` [--${option} ${value}]`)
  return `Usage: ${program} migrate [--check]${given.join("")}
Brings the schema up to date; with --check it only looks, and fails where there is something to do.
The database is the one that ${variables.join(" or else ")} names.`
}

/** `null` where the arguments are not those of the command. */
const parse = ({ options }: MigrateCommand, [verb, ...rest]: ReadonlyArray<string>): Asked | null => {
  if (verb !== "migrate") return null
  let check = false
  const given: Record<string, string> = {}
  for (let i = 0; i < rest.length; i++) {
    const name = rest[i]?.replace(/^--/, "") ?? ""
    const value = rest[i + 1]
    if (rest[i] === "--check") check = true
    else if (rest[i] === `--${name}` && Object.hasOwn(options, name) && value !== undefined) {
      given[name] = value
      i++
    } else return null
  }
  return { check, options: given }
}

/** Nothing of the address: it may hold a password. */
const describe = (cause: Cause.Cause<StoreError | InvalidInputError>): CommandResult => {
  const error = Option.getOrNull(Cause.failureOption(cause))
  if (error === null) return { exitCode: 3, text: "It failed for a reason that is not known" }
  if (error instanceof StoreError) return { exitCode: isUnfit(error) ? 1 : 3, text: error.reason }
  return { exitCode: 2, text: error.issues.map(({ path, rule }) => `${path} ${rule}`).join("\n") }
}

const saidOf = ({ after, before }: SchemaChange): string =>
  before === after ? `The schema is at ${after}: up to date` : `The schema was at ${before}, and is at ${after}`

/**
 * Runs the command of a store package.
 *
 * @since 0.1.0
 */
export const runMigrateCommand = async (
  command: MigrateCommand,
  args: ReadonlyArray<string>,
  environment: { readonly [variable: string]: string | undefined }
): Promise<CommandResult> => {
  if (args.includes("--help")) return { exitCode: 0, text: usageOf(command) }
  const asked = parse(command, args)
  if (asked === null) return { exitCode: 2, text: usageOf(command) }
  const address = command.variables.map((variable) => environment[variable]).find((value) => value)
  if (address === undefined) return { exitCode: 2, text: `Set ${command.variables.join(" or ")}` }
  const said = asked.check
    ? Effect.as(command.check(address, asked.options), "The schema is up to date")
    : Effect.map(command.migrate(address, asked.options), saidOf)
  const exit = await Effect.runPromiseExit(said)
  return Exit.isSuccess(exit) ? { exitCode: 0, text: exit.value } : describe(exit.cause)
}

/**
 * Runs the command with what this process was given, says what came of it, and sets the exit code.
 *
 * @since 0.1.0
 */
export const runAsProcess = async (command: MigrateCommand): Promise<void> => {
  const { exitCode, text } = await runMigrateCommand(command, process.argv.slice(2), process.env)
  const stream = exitCode === 0 ? process.stdout : process.stderr
  stream.write(`${text}\n`)
  process.exitCode = exitCode
}
