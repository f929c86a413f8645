// Starts the servers that the tests of a run need, before the first test: each project says in vitest.config.ts which.
import type { TestProject, Vitest } from "vitest/node"
import type { Running } from "./running.mjs"
import { startAll } from "./running.mjs"
import type { ServiceName } from "./Service.js"

declare module "vitest" {
  export interface ProvidedContext {
    readonly wantedServices?: ReadonlyArray<ServiceName>
    /** The URL of each server that runs for the project. */
    readonly services?: Readonly<Partial<Record<ServiceName, string>>>
  }
}

type Servers = Map<ServiceName, Promise<Running>>

/** Each project loads this file anew, but all of them share their servers. */
const shared = globalThis as { apikeysServers?: Servers }
shared.apikeysServers ??= new Map()
const servers = shared.apikeysServers

const wantedBy = (project: TestProject) => project.getProvidedContext().wantedServices ?? []

/** Those that any project of this run wants, so that they start at once. */
const wantedByRun = async (vitest: Vitest) => {
  const { filenamePattern } = vitest as { readonly filenamePattern?: Array<string> }
  const files = await vitest.globTestSpecifications(filenamePattern)
  return [...new Set(files.flatMap(({ project }) => wantedBy(project)))]
}

const start = (names: ReadonlyArray<ServiceName>) => {
  const missing = names.filter((name) => !servers.has(name))
  const started = startAll(missing)
  for (const name of missing) {
    const server = started.then((running) => {
      const found = running.find((each) => each.name === name)
      if (found === undefined) throw new Error(`${name} was not started`)
      return found
    })
    // It is reported where it is awaited.
    server.catch(() => undefined)
    servers.set(name, server)
  }
}

const stopAll = async () => {
  const running = [...servers.values()]
  servers.clear()
  await Promise.allSettled(running.map(async (server) => (await server).stop()))
}

export default async (project: TestProject) => {
  const wanted = wantedBy(project)
  if (wanted.length === 0) return
  if (servers.size === 0) start(await wantedByRun(project.vitest))
  // Watching, a later run can bring in a project that the first one left out.
  start(wanted)
  const urls = await Promise.all(wanted.map(async (name) => [name, (await servers.get(name))?.url] as const))
  project.provide("services", Object.fromEntries(urls))
  return stopAll
}
