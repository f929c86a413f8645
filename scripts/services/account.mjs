import { spawnSync } from "node:child_process"
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const idOfNobody = (/** @type {"-u" | "-g"} */ which) =>
  Number(spawnSync("id", [which, "nobody"], { encoding: "utf8" }).stdout.trim() || 65534)

/** Whom servers run as: database servers refuse to be root, and a throwaway one must not be a way to become it. */
export const account = process.getuid?.() === 0 ? { uid: idOfNobody("-u"), gid: idOfNobody("-g") } : undefined

/** Whether servers get at this file or folder, which for root's own they do not. */
export const isReachable = (/** @type {string} */ path) => {
  if (account !== undefined) return spawnSync("test", ["-x", path], { ...account, cwd: "/" }).status === 0
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const giveToServers = (/** @type {string} */ path) => {
  if (account === undefined) return
  const { status } = spawnSync("chown", ["-R", `${account.uid}:${account.gid}`, path])
  if (status !== 0) throw new Error(`${path} cannot be given to user ${account.uid}`)
}

/** A new folder that servers may write to, and nobody else read. */
export const makeScratch = () => {
  for (const parent of [tmpdir(), "/tmp", "/var/tmp"]) {
    const folder = mkdtempSync(join(parent, "apikeys-server-"))
    if (account !== undefined) chownSync(folder, account.uid, account.gid)
    chmodSync(folder, 0o700)
    if (isReachable(folder)) return folder
    rmSync(folder, { recursive: true })
  }
  throw new Error(`${tmpdir()} is closed to the user that servers run as. Set TMPDIR to a folder that is open to all.`)
}
