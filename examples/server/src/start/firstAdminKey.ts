import { type ApiKeyClient, ApiKeyError, IdempotencyConflictError } from "@apikeys/core"
import { type Operators, operatorKey } from "../operators.js"
import { createPrivateFile, readIfThere } from "./privateFile.js"
import type { Settings } from "./settings.js"

/**
 * Sees to it that there is an admin key, and that somebody gets to know it.
 *
 * A file that is there holds it, and is checked. Else it is created, by exactly one of the processes that start at
 * once, and written there; never to the output, which may be logged.
 */
export const firstAdminKey = async (
  client: ApiKeyClient,
  operators: Operators,
  { adminKeyFile: file }: Settings,
  say: (text: string) => void
): Promise<void> => {
  const held = await readIfThere(file)
  if (held !== null) return checkHeld(client, operators, file, held)

  const created = await createOnce(client, operators)
  if (created === null) {
    say(`${file} is not there: another process, or an earlier start, was given the admin key. ${howToGetAnother}`)
    return
  }
  const { key, plaintext } = created
  try {
    if (!(await createPrivateFile(file, `${plaintext}\n`))) throw new Error(`${file} appeared while the server started`)
    say(`The first admin key is in ${file}`)
  } catch (error) {
    // Nobody knows it, so the next start is to make another one.
    await client.deleteKey(key.id)
    throw error
  }
}

/** Of all processes, and of all starts, one gets a key; `null` for the others. */
const createOnce = async (client: ApiKeyClient, operators: Operators) => {
  try {
    const created = await client.createKey({
      ...operatorKey(operators, "First admin key"),
      idempotencyKey: "first-admin-key"
    })
    return created.plaintext === null ? null : created
  } catch (error) {
    // An operator created a key under the same idempotency key: the first admin key was used for it.
    if (error instanceof IdempotencyConflictError) return null
    throw error
  }
}

const howToGetAnother =
  "If it is lost, newAdminKey.js, beside main.js and with the same environment, prints another one"

const checkHeld = async (client: ApiKeyClient, operators: Operators, file: string, held: string): Promise<void> => {
  try {
    await client.validateKey(held, { ...operators, trackUsage: false, checkRateLimit: false })
  } catch (error) {
    if (!(error instanceof ApiKeyError) || error._tag === "StoreError") throw error
    // Not the error itself: the less is said of what the file holds, the better.
    throw new Error(
      `${file} holds no admin key of this database (${error.code}): remove the file, or give the right one. \
${howToGetAnother}`
    )
  }
}
