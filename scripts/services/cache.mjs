import { constants, cp, mkdir, readdir, rename, rm } from "node:fs/promises"
import { hostname } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { isAlive } from "./processTree.mjs"

export const root = resolve(fileURLToPath(import.meta.url), "../../..")
const cache = join(root, ".cache/services")

/** Ids of processes mean something on one machine, or in one container, alone. */
const ofThisMachine = `partial-${hostname()}-`

/** What was begun by a run that did not live to finish it. */
const removeAbandoned = async () => {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(ofThisMachine)) continue
    const pid = Number.parseInt(name.slice(ofThisMachine.length), 10)
    if (!isAlive(pid)) await rm(join(cache, name), { recursive: true, force: true })
  }
}

/**
 * A folder of the cache, made now unless it is there. It appears under its name when it is complete: runs that start
 * at once each make it, one's is kept.
 *
 * @param {string} name
 * @param {(folder: string) => Promise<void>} make fills an empty folder
 */
export const cached = async (name, make) => {
  const folder = join(cache, name)
  await mkdir(cache, { recursive: true })
  if ((await readdir(cache)).includes(name)) return folder
  await removeAbandoned()
  const partial = join(cache, `${ofThisMachine}${process.pid}-${name}`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial)
  try {
    await make(partial)
    await rename(partial, folder).catch((error) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}

/** Copies a folder as it is, sharing blocks with the original where the file system can. */
export const copyFolder = (/** @type {string} */ from, /** @type {string} */ to) =>
  cp(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
