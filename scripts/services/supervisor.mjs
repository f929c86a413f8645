// Runs one server for the process that forked this one, and ends it with that process, however that ends: the channel
// between them closes. So neither a failed test nor a killed run leaves a server behind.
/** @import { ServiceName, Source, Supervised } from "./Service.js" */
import { startContainer } from "./container.mjs"
import { startProcess } from "./processServer.mjs"
import { services } from "./services.mjs"

/** @type {{ readonly name: ServiceName, readonly source: Source, readonly settings: ReadonlyArray<string> }} */
const { name, settings, source } = JSON.parse(process.env["APIKEYS_SUPERVISED"] ?? "{}")
delete process.env["APIKEYS_SUPERVISED"]
const service = services[name]

/** @type {Promise<Supervised>} */
const starting =
  source.origin === "docker" ? startContainer(service, settings) : startProcess(service, source, settings)

const reply = (/** @type {object} */ message) => {
  // A channel that closes meanwhile has nobody at its end.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}
const textOf = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error))

/** @type {Promise<void> | undefined} */
let stopping
const stop = () => {
  stopping ??= starting.then((server) => server.stop())
  return stopping
}
const stopAndExit = () => {
  stop().then(
    () => process.exit(0),
    () => process.exit(1)
  )
}
process.on("disconnect", stopAndExit)
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopAndExit)

/**
 * @typedef {object} Call
 * @property {number} id
 * @property {"kill" | "restart" | "stop"} method
 * @property {NodeJS.Signals} signal
 */
process.on("message", async (/** @type {Call} */ { id, method, signal }) => {
  try {
    const server = await starting
    if (method === "stop") await stop()
    else if (method === "kill") await server.kill(signal)
    else await server.restart()
    reply({ id, pid: server.pid() })
  } catch (error) {
    reply({ id, error: textOf(error) })
  }
})

starting.then(
  (server) => reply({ id: 0, url: server.url, pid: server.pid() }),
  (error) => reply({ id: 0, error: textOf(error) })
)
