import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { createPrivateFile, readIfThere } from "./privateFile.js"
import type { Settings } from "./settings.js"

/**
 * The signing secret: from `APIKEYS_SIGNING_SECRET`, or from a file beside the SQLite database, which is made on the
 * first start. Whoever loses it loses every key, so none is made for a database that has keys already, nor for one
 * that several machines may share.
 */
export const signingSecretOf = async (settings: Settings, say: (text: string) => void): Promise<string> => {
  const { databaseUrl, signingSecret, sqliteFile } = settings
  if (signingSecret !== null) return signingSecret
  const howTo = "set APIKEYS_SIGNING_SECRET, once and for all replicas; make one with: openssl rand -hex 32"
  if (databaseUrl !== null) throw new Error(`DATABASE_URL needs a signing secret: ${howTo}`)

  const file = `${sqliteFile}.secret`
  // Looked at first: the process that makes the database has made the secret before.
  const hasDatabase = existsSync(sqliteFile)
  const kept = await readIfThere(file)
  if (kept !== null) return kept
  if (hasDatabase) throw new Error(`${sqliteFile} is there, but its signing secret, ${file}, is not: ${howTo}`)
  if (await createPrivateFile(file, `${randomBytes(32).toString("hex")}\n`)) {
    say(`Made a signing secret in ${file}. Keep it: without it no key verifies. APIKEYS_SIGNING_SECRET takes its place`)
  }
  const made = await readIfThere(file)
  if (made === null) throw new Error(`${file} was removed while the server started`)
  return made
}
