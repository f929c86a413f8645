// What test files use of the servers.
import { afterAll, inject } from "vitest"
import { backends, selectedBackends } from "./backends.mjs"
import { createDatabase, withConnection } from "./database.mjs"
import type { ServiceName } from "./Service.js"
import { services } from "./services.mjs"

export { startCertifiedServer } from "./certificate.mjs"
export { withConnection } from "./database.mjs"
export type { Server, ServerOptions, ServiceName } from "./Service.js"
export { startServer } from "./server.mjs"

/**
 * Those of these servers whose stores the run is to test, with the names that their suites bear. A file of which none
 * is selected is left out of the run.
 */
export const selectedServices = (...names: ReadonlyArray<ServiceName>) =>
  selectedBackends().flatMap((backend) => {
    const { service, title } = backends[backend]
    return service !== undefined && names.includes(service) ? [{ service, title }] : []
  })

/** The URL of the server that runs for this project's tests, with a user who may do anything on it. */
export const serverUrl = (service: ServiceName): string => {
  const url = inject("services")?.[service]
  if (url === undefined) {
    throw new Error(`No ${services[service].title} runs for these tests: see scripts/services/backends.mjs`)
  }
  return url
}

/** Makes a database on that server, to be dropped by the test. */
export const makeDatabase = (service: ServiceName) => createDatabase(serverUrl(service))

/** Makes a database for the test file that awaits this at its top, and drops it when the file's tests are over. */
export const testDatabase = async (service: ServiceName): Promise<{ readonly url: string; readonly name: string }> => {
  const { drop, name, url } = await makeDatabase(service)
  afterAll(drop, 60_000)
  return { name, url }
}

/**
 * Runs a statement on a connection of its own, and keeps that open, with the locks that it took, until what this gives
 * is called.
 */
export const holdConnection = (url: string, statement: string): Promise<() => Promise<void>> =>
  new Promise((resolve, reject) => {
    let release = (): void => undefined
    const released = new Promise<void>((end) => {
      release = end
    })
    const ended = withConnection(url, async (query) => {
      await query(statement)
      resolve(() => {
        release()
        return ended
      })
      await released
    })
    ended.catch(reject)
  })
