/** @import { Programs } from "./Service.js" */
import { join, relative } from "node:path"
import { account, giveToServers, isReachable } from "./account.mjs"
import { copyFolder } from "./cache.mjs"

/**
 * The programs where servers can run them: copied to the scratch folder if the cache is in a folder of root's own.
 *
 * @param {Programs} programs
 * @param {string} scratch
 * @returns {Promise<Programs>}
 */
export const reachable = async (programs, scratch) => {
  const { folder, server } = programs
  if (isReachable(server)) return programs
  if (folder === undefined) throw new Error(`${server} may not be run by user ${account?.uid ?? process.getuid?.()}`)
  const copy = join(scratch, "programs")
  await copyFolder(folder, copy)
  giveToServers(copy)
  return { ...programs, server: join(copy, relative(folder, server)), folder: copy }
}
