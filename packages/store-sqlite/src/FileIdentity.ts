import { statSync, unlinkSync } from "node:fs"

/** What stands beside a database file while it is open. */
const besides = ["-wal", "-shm"] as const

/** Which file a path leads to, whatever it is called; `null` where there is none that can be reached. */
export type Identity = string | null

/** A database file and what stands beside it, as they were when it was opened. */
export interface FileIdentity {
  readonly main: Identity
  readonly besides: ReadonlyArray<Identity>
}

export const identityAt = (path: string): Identity => {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? null : `${found.dev}:${found.ino}`
  } catch {
    // A path that leads nowhere, be it a link to itself or a directory that may not be read.
    return null
  }
}

export const fileIdentityAt = (path: string): FileIdentity => ({
  main: identityAt(path),
  besides: besides.map((end) => identityAt(path + end))
})

/**
 * Removes what a file left beside its path when another one took its place: SQLite would take it for that of the new file, and
 * mix the two. What came with the new file stays.
 *
 * @param old whose file is still open, so that no other can have its identity
 */
export const removeLeftovers = (path: string, old: FileIdentity): void => {
  besides.forEach((end, i) => {
    const left = old.besides[i] ?? null
    if (left !== null && identityAt(path + end) === left) unlinkSync(path + end)
  })
}
