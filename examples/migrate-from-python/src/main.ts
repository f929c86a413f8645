import { ApiKeyError } from "@apikeys/core"
import { migrate } from "./migrate.js"
import { readOptions, UsageError, usage } from "./options.js"
import { Terminal } from "./Terminal.js"

const { argv, env, stderr, stdout } = process

const run = async (): Promise<number> => {
  const args = argv.slice(2)
  if (args.includes("--help")) {
    stdout.write(`${usage}\n`)
    return 0
  }
  const { refused } = await migrate(readOptions(args, env), new Terminal(stdout, stderr))
  return refused === 0 ? 0 : 3
}

try {
  process.exitCode = await run()
} catch (error) {
  if (error instanceof UsageError) stderr.write(`${error.message}\n\n${usage}\n`)
  // A driver's message may print a row, or the URL with its password: of those the code has to do.
  else if (error instanceof ApiKeyError) stderr.write(`${error.message}\n`)
  else stderr.write(`The old database cannot be read: ${codeOf(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

function codeOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code)
  return error instanceof Error ? error.name : "an unknown error"
}
