import { spawn, spawnSync } from "node:child_process"

/** The end of a program's output, which says what went wrong. */
export const tailOf = (/** @type {string} */ output) => {
  // What apt-get tells of its progress says nothing.
  const lines = output
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("dlstatus:"))
  return lines.slice(-20).join("\n")
}

/**
 * Runs a program to its end and gives what it printed; what it printed is in the error as well.
 *
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 * @param {import("node:child_process").SpawnOptions & {
 *   readonly input?: string | undefined
 *   readonly onOutput?: ((text: string) => void) | undefined
 * }} [options]
 * @returns {Promise<string>}
 */
export const run = (command, args, { input, onOutput, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text
        onOutput?.(text)
      })
    }
    // A program that ends early says why; that it read no further is no news.
    child.stdin?.on("error", () => undefined).end(input)
    child.on("error", reject)
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ended with ${signal ?? `code ${code}`}\n${tailOf(output)}`))
    })
  })

/**
 * What goes before the command line of a child that must not outlive this process, however it ends. Only Linux can
 * do that, and `setpriv` of some systems cannot.
 *
 * @param {NodeJS.Signals} signal
 * @returns {ReadonlyArray<string>}
 */
export const dyingWithParent = (signal) => {
  if (process.platform !== "linux") return []
  const before = ["--pdeathsig", signal.replace("SIG", "")]
  return spawnSync("setpriv", [...before, "true"]).status === 0 ? ["setpriv", ...before] : []
}

/** @param {ReadonlyArray<string>} commandLine */
export const split = ([command, ...args]) => {
  if (command === undefined) throw new Error("a command line is not empty")
  return /** @type {const} */ ([command, args])
}
