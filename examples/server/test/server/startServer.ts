import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

export interface ServerOptions {
  /** Where it runs, and keeps its files. */
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: ReadonlyArray<string>
}

/** A server as a process of its own. */
export interface ServerProcess {
  /** All that it wrote so far, to wherever. */
  readonly output: () => string
  /** The address on which it listens; rejects with its output where it ends before. */
  readonly listening: Promise<string>
  readonly exited: Promise<number | null>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** Nothing of the environment of the tests is to reach it, but for what every process needs. */
const cleanEnvironment = () => ({ PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_ENV: "production" })

/** Starts a server on a free port. */
export const spawnServer = ({ env = {}, folder, nodeArgs = [] }: ServerOptions): ServerProcess => {
  const child = spawn(process.execPath, [...nodeArgs, main], {
    cwd: folder,
    // On a machine that does something else as well, a call may take its time.
    env: { ...cleanEnvironment(), PORT: "0", APIKEYS_STORE_TIMEOUT: "20", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  afterAll(() => child.kill("SIGKILL"))
  const exited = once(child, "close").then(([code]) => code as number | null)
  let output = ""
  const listening = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text
        const address = output.match(/Server listening at (http:[^"]+)"/)?.[1]
        if (address !== undefined) resolve(address)
      })
    }
    exited.then((code) => reject(new Error(`The server ended with ${code}: ${output}`)))
  })
  // Who only waits for the end does not ask for it.
  listening.catch(() => undefined)
  return { output: () => output, listening, exited, kill: (signal) => child.kill(signal) }
}

/** The key in the file where a server without a terminal leaves it. */
export const adminKeyIn = (folder: string): string => readFileSync(join(folder, "apikeys-admin.key"), "utf8").trim()
