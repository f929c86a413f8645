import { type ApiKeyClient, ApiKeyError } from "@apikeys/core"
import { type Operators, operatorKey } from "../operators.js"
import { createPrivateFile, readIfThere } from "./privateFile.js"
import { defaultAdminKeyFile, type Settings } from "./settings.js"

/** Where the server may speak to a person. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  readonly write: (text: string) => unknown
}

/**
 * Sees to it that there is an admin key, and that somebody gets to know it.
 *
 * A file that is there holds it, and is checked. Else it is created, by exactly one of the processes that start at
 * once, and told once: to the file that `APIKEYS_ADMIN_KEY_FILE` names, or on the terminal, or, where there is none,
 * to a file beside the database.
 */
export const firstAdminKey = async (
  client: ApiKeyClient,
  operators: Operators,
  settings: Settings,
  terminal: Terminal,
  say: (text: string) => void
): Promise<void> => {
  const file = settings.adminKeyFile ?? (terminal.isTTY === true ? null : defaultAdminKeyFile(settings))
  const held = file === null ? null : await readIfThere(file)
  if (file !== null && held !== null) return checkHeld(client, operators, file, held)

  const { key, plaintext } = await client.createKey({
    ...operatorKey(operators, "First admin key"),
    // Of all processes, and of all starts, one gets a plaintext.
    idempotencyKey: "first-admin-key"
  })
  if (plaintext === null) return
  try {
    if (file === null) {
      terminal.write(`\n  The first admin key, shown this once:\n\n  ${plaintext}\n\n`)
    } else if (await createPrivateFile(file, `${plaintext}\n`)) {
      say(`The first admin key is in ${file}`)
    } else {
      throw new Error(`${file} appeared while the server started`)
    }
  } catch (error) {
    // Nobody knows it, so the next start is to make another one.
    await client.deleteKey(key.id)
    throw error
  }
}

const checkHeld = async (client: ApiKeyClient, operators: Operators, file: string, held: string): Promise<void> => {
  try {
    await client.validateKey(held, { ...operators, trackUsage: false, checkRateLimit: false })
  } catch (error) {
    if (!(error instanceof ApiKeyError) || error._tag === "StoreError") throw error
    // Not the error itself: the less is said of what the file holds, the better.
    throw new Error(
      `${file} holds no admin key of this database (${error.code}): remove the file, or give the right one`
    )
  }
}
