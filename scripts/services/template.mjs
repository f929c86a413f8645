/** @import { Programs, Service, Template } from "./Service.js" */
import { createHash, randomBytes } from "node:crypto"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { account, giveToServers, makeScratch } from "./account.mjs"
import { cached, copyFolder } from "./cache.mjs"
import { dyingWithParent, run, split } from "./command.mjs"
import { reachable } from "./programs.mjs"
import { startProgress } from "./progress.mjs"

const user = "apikeys"

/**
 * A data directory to start servers on copies of: a copy takes a tenth of the time. Its password is random, so that
 * nobody else on the machine gets into its servers.
 *
 * @param {Service} service
 * @param {Programs} programs
 * @returns {Promise<Template>}
 */
export const templateFor = async (service, programs) => {
  const { origin, version } = programs
  const recipe = [service.initialize, origin, process.platform, process.arch].join()
  const hash = createHash("sha256").update(recipe).digest("hex").slice(0, 12)
  const folder = await cached(`data-${service.name}-${version}-${hash}`, async (partial) => {
    const scratch = makeScratch()
    const progress = startProgress(`${service.title} ${version}: preparing its data`)
    try {
      const template = { data: join(scratch, "data"), user, password: randomBytes(12).toString("hex") }
      const before = dyingWithParent(service.stopSignal)
      await service.initialize(await reachable(programs, scratch), scratch, template, (program, args, input) => {
        giveToServers(scratch)
        return run(...split([...before, program, ...args]), { ...account, cwd: scratch, input })
      })
      await copyFolder(template.data, join(partial, "data"))
      writeFileSync(join(partial, "password"), template.password, { mode: 0o600 })
    } finally {
      progress.end()
      rmSync(scratch, { recursive: true, force: true })
    }
  })
  return { data: join(folder, "data"), user, password: readFileSync(join(folder, "password"), "utf8") }
}
