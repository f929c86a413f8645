/** @import { Server, ServerOptions, ServiceName } from "./Service.js" */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { services } from "./services.mjs"
import { sourceOf } from "./source.mjs"

const supervisor = fileURLToPath(new URL("supervisor.mjs", import.meta.url))

/**
 * @typedef {object} Reply
 * @property {number} id
 * @property {string} [url]
 * @property {number} [pid]
 * @property {string} [error]
 */

/**
 * Starts a server of one's own, on a port and with data of its own. It ends when it is stopped, or with this process,
 * whichever comes first, and does not keep this process alive.
 *
 * @param {ServiceName} name
 * @param {ServerOptions} [options]
 * @returns {Promise<Server>}
 */
export const startServer = async (name, { origins, settings = [] } = {}) => {
  const service = services[name]
  const source = await sourceOf(service, origins)
  const child = fork(supervisor, {
    // Not as an argument, which everybody on the machine may read: there is a password in it.
    env: { ...process.env, APIKEYS_SUPERVISED: JSON.stringify({ name, source, settings }) },
    // A terminal's Ctrl-C is for this process: the supervisor learns of its end.
    detached: true,
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"]
  })

  const waiting = /** @type {Map<number, { resolve: (reply: Reply) => void, reject: (error: Error) => void }>} */ (
    new Map()
  )
  let calls = 0
  const answer = () =>
    new Promise((/** @type {(reply: Reply) => void} */ resolve, reject) => {
      child.channel?.ref()
      waiting.set(calls, { resolve, reject })
      calls += 1
    })
  const settle = (/** @type {Reply} */ reply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiting.size === 0) child.channel?.unref()
    if (reply.error === undefined) call?.resolve(reply)
    else call?.reject(new Error(reply.error))
  }
  const gone = () => {
    for (const id of waiting.keys()) settle({ id, error: `The supervisor of ${service.title} has ended` })
  }
  child.on("message", (message) => settle(/** @type {Reply} */ (message)))
  child.on("error", gone)
  child.on("exit", gone)
  child.unref()

  let { pid = 0, url = "" } = await answer().catch((error) => {
    if (child.connected) child.disconnect()
    throw error
  })
  const call = async (/** @type {"kill" | "restart" | "stop"} */ method, /** @type {NodeJS.Signals} */ signal) => {
    const id = calls
    const replied = answer()
    if (child.connected) child.send({ id, method, signal })
    else gone()
    pid = (await replied).pid ?? pid
  }
  return {
    url,
    get pid() {
      return pid
    },
    origin: source.origin,
    kill: (signal = "SIGKILL") => call("kill", signal),
    restart: () => call("restart", "SIGKILL"),
    stop: async () => {
      if (!child.connected) return
      await call("stop", "SIGTERM")
      child.disconnect()
    }
  }
}
