import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"

/** A program that serves, as a process of its own. */
export interface Program {
  /** Where it listens, as it says itself. */
  readonly url: string
  /** All that it printed so far. */
  readonly output: () => string
  /** Asks it to stop; the code with which it ended, or the signal that ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals | null>
}

const ended = async (child: ChildProcess): Promise<number | NodeJS.Signals | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  return child.exitCode ?? child.signalCode
}

/** Starts a built program, and waits until it says where it listens; rejects with what it printed where it ends instead. */
export const startProgram = async (
  main: string,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }
): Promise<Program> => {
  const child = spawn(process.execPath, [main], {
    cwd,
    env: { PATH: process.env["PATH"], PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]
        if (found !== undefined) resolve(found)
      })
    }
    child.once("error", reject)
    child.once("close", (code) => reject(new Error(`Ended with ${code}: ${output}`)))
  })
  return {
    url,
    output: () => output,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal)
      const forced = setTimeout(() => child.kill("SIGKILL"), 30_000)
      const outcome = await ended(child)
      clearTimeout(forced)
      return outcome
    }
  }
}
