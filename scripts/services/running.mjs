// The servers that a run of the tests shares, or a developer keeps up.
/** @import { ServiceName } from "./Service.js" */
import { serverVersion } from "./database.mjs"
import { say } from "./progress.mjs"
import { startServer } from "./server.mjs"
import { services } from "./services.mjs"
import { isOlder } from "./version.mjs"

/**
 * @typedef {object} Running
 * @property {ServiceName} name
 * @property {string} url
 * @property {() => Promise<void>} stop
 */

const origins = { docker: "in Docker", machine: "of this machine", debian: "from Debian's packages" }

const given = async (/** @type {ServiceName} */ name, /** @type {string} */ url) => {
  const { minimum, protocol, title, variable } = services[name]
  if (!URL.canParse(url) || !new URL(url).protocol.startsWith(protocol)) {
    throw new Error(`${variable} is no URL of ${title}. It looks like ${protocol}://user:password@127.0.0.1/database`)
  }
  const version = await serverVersion(url).catch((error) => {
    throw new Error(`The server that ${variable} names does not answer: ${error.message || error.code}`)
  })
  const isMariadb = /MariaDB/.test(version)
  if (isMariadb !== (name === "mariadb") && name !== "pg") {
    throw new Error(`The server that ${variable} names is not ${title}: it is version ${version}`)
  }
  if (isOlder(version.match(/^[\d.]+/)?.[0] ?? "", minimum)) {
    throw new Error(`The server that ${variable} names is ${title} ${version}, older than ${minimum}`)
  }
  say(`${title} ${version}, given by ${variable}`)
  return { name, url, stop: async () => undefined }
}

/**
 * The server that the environment names, else one that starts now.
 *
 * @param {ServiceName} name
 * @param {{ readonly durable?: boolean }} [options] whether one that starts now keeps what it committed when the machine
 *   loses power, as it would in production
 * @returns {Promise<Running>}
 */
export const startOrGiven = async (name, { durable = false } = {}) => {
  const { durability, title, variable } = services[name]
  const url = process.env[variable]
  if (url !== undefined && url !== "") return given(name, url)
  const start = Date.now()
  const { origin, stop, ...server } = await startServer(name, durable ? { settings: durability } : {})
  const version = await serverVersion(server.url)
  say(
    `${title} ${version}, ${origins[origin]}, on ${new URL(server.url).host}, in ${((Date.now() - start) / 1000).toFixed(1)} s`
  )
  return { name, url: server.url, stop }
}

/** All of them, or none. */
export const startAll = async (
  /** @type {ReadonlyArray<ServiceName>} */ names,
  /** @type {Parameters<typeof startOrGiven>[1]} */ options = {}
) => {
  const outcomes = await Promise.allSettled(names.map((name) => startOrGiven(name, options)))
  const running = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []))
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []))
  if (failures.length === 0) return running
  await Promise.all(running.map(({ stop }) => stop()))
  throw failures.length === 1 ? failures[0] : new Error(failures.map((failure) => failure.message).join("\n\n"))
}
