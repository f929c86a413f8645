// Runs the pnpm that package.json's packageManager field names: the one on PATH if it is that version, else through npx.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"

export const root = resolve(fileURLToPath(import.meta.url), "../..")

/** Options of every child process: on Windows `npx` and `pnpm` are batch files, which only a shell can start. */
export const spawnOptions = { cwd: root, shell: process.platform === "win32" }

const { packageManager } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"))
const version = packageManager.replace(/^pnpm@/, "").replace(/\+.*$/, "")

/** @returns {[command: string, ...args: string[]]} */
const find = () => {
  const onPath = spawnSync("pnpm", ["--version"], {
    ...spawnOptions,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    // Corepack's pnpm would wait for an answer before its first download.
    env: { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" }
  })
  return onPath.stdout?.trim() === version ? ["pnpm"] : ["npx", "--yes", `pnpm@${version}`]
}

/** @type {[command: string, ...args: string[]] | undefined} */
let found

/**
 * The command line that runs pnpm with these arguments.
 *
 * @param {ReadonlyArray<string>} args
 * @returns {[command: string, args: string[]]}
 */
export const pnpm = (args) => {
  found ??= find()
  const [command, ...before] = found
  return [command, [...before, ...args]]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status } = spawnSync(...pnpm(process.argv.slice(2)), { ...spawnOptions, stdio: "inherit" })
  process.exitCode = status ?? 1
}
