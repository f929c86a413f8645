/** @import { Programs, Service } from "./Service.js" */
import { spawnSync } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { delimiter, join } from "node:path"
import { isOlder } from "./version.mjs"

/** The server's version, where this is a server of this kind and not too old. */
export const versionOf = (/** @type {Service} */ service, /** @type {string} */ server) => {
  const { error, stdout = "", stderr = "" } = spawnSync(server, ["--version"], { encoding: "utf8", timeout: 20_000 })
  const version = service.versionIn(stdout)
  if (error !== undefined || version === undefined) {
    throw new Error(`${server} is not ${service.title}: ${error?.message ?? (stdout + stderr).trim()}`)
  }
  if (isOlder(version, service.minimum)) {
    throw new Error(`${server} is ${service.title} ${version}, older than ${service.minimum}`)
  }
  return version
}

/** @returns {Programs} */
export const findOnMachine = (/** @type {Service} */ service) => {
  const { folders, program } = service.machine
  const reasons = []
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...folders()].filter((path) => path !== "")) {
    if (!existsSync(join(folder, program))) continue
    try {
      // What belongs to it lies beside the program itself, not beside a link to it.
      const server = realpathSync(join(folder, program))
      return { origin: "machine", server, version: versionOf(service, server) }
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(reasons.length === 0 ? `there is no ${program}` : [...new Set(reasons)].join("; "))
}
