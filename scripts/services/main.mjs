// Keeps servers up for development: prints their URLs for a shell to read, and stops them when it is told to end.
/** @import { ServiceName } from "./Service.js" */
import { say } from "./progress.mjs"
import { startAll } from "./running.mjs"
import { serviceNames, services } from "./services.mjs"

const isService = (/** @type {string} */ name) => serviceNames.some((each) => each === name)

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !isService(name))
if (unknown.length > 0) {
  say(`There is no service ${unknown.join(", ")}. Choose from ${serviceNames.join(", ")}; without a name, all start.`)
  process.exit(1)
}
const names = wanted.length === 0 ? serviceNames : /** @type {ReadonlyArray<ServiceName>} */ (wanted)

// Before the servers end, so that their supervisors are not asked to end twice.
const ended = new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, resolve)
})

try {
  const running = await startAll(names)
  for (const { name, url } of running) console.log(`export ${services[name].variable}=${url}`)
  say("Ctrl-C stops them.")
  const keepAlive = setInterval(() => undefined, 60_000)
  await ended
  clearInterval(keepAlive)
  await Promise.all(running.map(({ stop }) => stop()))
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
