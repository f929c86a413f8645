import { randomUUID } from "node:crypto"
import { link, readFile, rm, stat, writeFile } from "node:fs/promises"

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code

/**
 * Creates a file that its owner alone may read; `false` where there is one already. It appears with all of its content:
 * of several processes one creates it, and none reads half of it.
 */
export const createPrivateFile = async (path: string, content: string): Promise<boolean> => {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, content, { flag: "wx", mode: 0o600, flush: true })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false
    throw error
  } finally {
    await rm(draft)
  }
}

/** What a file holds, without white space around it; `null` where there is none. */
export const readIfThere = async (path: string): Promise<string | null> => {
  try {
    return (await readFile(path, "utf8")).trim()
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null
    throw error
  }
}

/** Whether anybody but its owner may do anything with a file that is there. */
export const isOpenToOthers = async (path: string): Promise<boolean> => {
  try {
    return ((await stat(path)).mode & 0o077) !== 0
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false
    throw error
  }
}
