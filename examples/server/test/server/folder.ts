import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

/** A folder for the tests of this file, which is removed after them. */
export const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-server-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
