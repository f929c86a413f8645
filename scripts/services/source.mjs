/** @import { Service, Source } from "./Service.js" */
import { pullImage } from "./container.mjs"
import { unpackFromDebian } from "./debian.mjs"
import { findOnMachine } from "./machine.mjs"
import { templateFor } from "./template.mjs"

/** @type {Readonly<Record<Source["origin"], (service: Service) => Promise<Source>>>} */
const prepare = {
  docker: async (service) => {
    await pullImage(service)
    return { origin: "docker", image: service.container.image }
  },
  machine: async (service) => {
    const programs = findOnMachine(service)
    return { origin: "machine", programs, template: await templateFor(service, programs) }
  },
  debian: async (service) => {
    const programs = await unpackFromDebian(service)
    return { origin: "debian", programs, template: await templateFor(service, programs) }
  }
}

const everyOrigin = /** @type {ReadonlyArray<Source["origin"]>} */ (Object.keys(prepare))

const names = { docker: "Docker", machine: "programs of this machine", debian: "Debian's packages" }

/** What has been found, by service and origins: it stays true. A failure is tried again. */
const found = /** @type {Map<string, Promise<Source>>} */ (new Map())

const find = async (/** @type {Service} */ service, /** @type {ReadonlyArray<Source["origin"]>} */ origins) => {
  const reasons = []
  for (const origin of origins) {
    try {
      return await prepare[origin](service)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      reasons.push(`- ${names[origin]}: ${reason.replaceAll("\n", "\n  ")}`)
    }
  }
  throw new Error(`${service.title} cannot be had.
${reasons.join("\n")}
Start Docker, or install ${service.title} ${service.minimum} or newer, or set ${service.variable} to the URL of a server
whose user may create databases, as in
  export ${service.variable}=${service.protocol}://user:password@127.0.0.1:${service.container.port}/database`)
}

/**
 * Where a server can be started from: the first of these origins that works.
 *
 * @param {Service} service
 * @param {ReadonlyArray<Source["origin"]>} [origins]
 */
export const sourceOf = (service, origins = everyOrigin) => {
  const key = [service.name, ...origins].join()
  const source = found.get(key) ?? find(service, origins)
  found.set(key, source)
  source.catch(() => found.delete(key))
  return source
}
