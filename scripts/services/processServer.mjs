/** @import { ChildProcess } from "node:child_process" */
/** @import { Programs, Service, Supervised, Template } from "./Service.js" */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { account, giveToServers, makeScratch } from "./account.mjs"
import { copyFolder } from "./cache.mjs"
import { dyingWithParent, split, tailOf } from "./command.mjs"
import { freePort } from "./port.mjs"
import { childrenOf, isAlive, isHalted, send } from "./processTree.mjs"
import { reachable } from "./programs.mjs"

const startLimit = 120_000
const portIsTaken = /address already in use/i

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Resolves when the server takes connections. What it says is read on, since a full pipe would stop it. */
const untilReady = (/** @type {ChildProcess} */ child, /** @type {Service} */ { readyLine, title }) =>
  new Promise((resolve, reject) => {
    let output = ""
    const fail = (/** @type {string} */ how) => {
      clearTimeout(timer)
      reject(new Error(`${title} ${how}\n${tailOf(output)}`))
    }
    const timer = setTimeout(() => fail(`does not start within ${startLimit / 1000} s`), startLimit)
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-20_000)
      if (!readyLine.test(output)) return
      clearTimeout(timer)
      resolve(undefined)
    })
    child.once("error", (error) => fail(`cannot be started: ${error.message}`))
    child.once("close", (code, signal) => fail(`ended with ${signal ?? `code ${code}`}`))
  })

/** All of a server's processes, held so that they start no more. */
const hold = async (/** @type {number} */ pid) => {
  send(pid, "SIGSTOP")
  while (!isHalted(pid)) await sleep(1)
  const children = childrenOf(pid)
  for (const child of children) send(child, "SIGSTOP")
  return [pid, ...children]
}

const untilGone = async (/** @type {ReadonlyArray<number>} */ pids, /** @type {number} */ limit) => {
  for (const end = Date.now() + limit; pids.some(isAlive); await sleep(10)) if (Date.now() > end) return false
  return true
}

/**
 * Starts a server on a copy of the template. What runs this must end it, or end itself: then the server does, too,
 * where the system can see to it.
 *
 * @type {(
 *   service: Service,
 *   source: { readonly programs: Programs, readonly template: Template },
 *   settings: ReadonlyArray<string>
 * ) => Promise<Supervised>}
 */
export const startProcess = async (service, source, settings) => {
  const { data: original, password, user } = source.template
  const scratch = makeScratch()
  const data = join(scratch, "data")
  const before = dyingWithParent(service.stopSignal)
  let port = 0
  /** @type {ChildProcess | undefined} */
  let child

  const launch = async (/** @type {Programs} */ programs) => {
    const commandLine = [...before, programs.server, ...service.args(programs, data, port), ...settings]
    child = spawn(...split(commandLine), {
      ...account,
      cwd: scratch,
      // Of its own group: what ends the tests from a terminal lets them end before their servers do.
      detached: true,
      stdio: ["ignore", "ignore", "pipe"]
    })
    await untilReady(child, service)
  }
  const pidOfRunning = () => (child?.exitCode === null && child.signalCode === null ? child.pid : undefined)
  /** The system knows of a process's end before Node does, and until then it would still be taken to run. */
  const untilTold = async () => {
    if (child !== undefined && pidOfRunning() !== undefined) await once(child, "exit")
  }
  const kill = async () => {
    const pid = pidOfRunning()
    if (pid === undefined) return
    const pids = await hold(pid)
    for (const each of pids) send(each, "SIGKILL")
    if (!(await untilGone(pids, 10_000))) throw new Error(`${service.title} outlives SIGKILL`)
    await untilTold()
  }
  const end = async () => {
    const pid = pidOfRunning()
    if (pid === undefined) return
    const pids = await hold(pid)
    send(pid, service.stopSignal)
    for (const each of pids) send(each, "SIGCONT")
    if (await untilGone(pids, 5_000)) await untilTold()
    else await kill()
  }
  const stop = async () => {
    await end()
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
  }

  /** @type {Programs} */
  let programs
  try {
    programs = await reachable(source.programs, scratch)
    await copyFolder(original, data)
    giveToServers(data)
    for (let attempt = 1; ; attempt += 1) {
      port = await freePort()
      try {
        await launch(programs)
        break
      } catch (error) {
        // Another process has taken it since.
        if (attempt === 5 || !portIsTaken.test(String(error))) throw error
      }
    }
  } catch (error) {
    await stop()
    throw error
  }

  return {
    url: `${service.protocol}://${user}:${password}@127.0.0.1:${port}/apikeys`,
    pid: () => child?.pid,
    kill: async (signal) => {
      const pid = pidOfRunning()
      if (pid === undefined) throw new Error(`${service.title} does not run`)
      if (signal === "SIGKILL") await kill()
      else if (signal === "SIGSTOP") await hold(pid)
      else if (signal === "SIGCONT") for (const each of [...childrenOf(pid), pid]) send(each, signal)
      else send(pid, signal)
    },
    restart: async () => {
      await kill()
      await launch(programs)
    },
    stop
  }
}
