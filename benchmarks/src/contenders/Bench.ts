import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createDatabase } from "../../../scripts/services/database.mjs"
import type { ServiceName } from "../../../scripts/services/Service.js"
import type { Scale } from "../Scale.js"

/** The servers that run for the benchmark, with a user who may make databases. */
export type Servers = Readonly<Partial<Record<ServiceName, string>>>

/** What contenders of one comparison share. */
export interface Bench {
  readonly scale: Scale
  /** A path in a folder that is removed at the end. */
  readonly file: (name: string) => string
  /** A database of this comparison's own, by name, dropped at the end. */
  readonly database: (service: ServiceName, name: string) => Promise<string>
  /** What several contenders need and one makes. */
  readonly once: <A>(name: string, make: () => Promise<A>) => Promise<A>
  readonly close: () => Promise<void>
}

export const openBench = async (scale: Scale, servers: Servers): Promise<Bench> => {
  const folder = await mkdtemp(join(tmpdir(), "apikeys-bench-"))
  const made = new Map<string, Promise<unknown>>()
  const drops: Array<() => Promise<unknown>> = []

  const once = <A>(name: string, make: () => Promise<A>): Promise<A> => {
    const known = made.get(name)
    if (known !== undefined) return known as Promise<A>
    const making = make()
    made.set(name, making)
    return making
  }

  return {
    scale,
    once,
    file: (name) => join(folder, name),
    database: (service, name) =>
      once(`database ${service} ${name}`, async () => {
        const server = servers[service]
        if (server === undefined) throw new Error(`No ${service} was started for this comparison`)
        const { drop, url } = await createDatabase(server)
        drops.push(drop)
        return url
      }),
    close: async () => {
      await Promise.all(drops.map((drop) => drop()))
      await rm(folder, { recursive: true, force: true })
    }
  }
}
