// For whoever has lost the admin keys, but not the machine: makes one more, and prints it.
import { findOperators, operatorKey } from "./operators.js"
import { openClient } from "./start/openClient.js"
import { readSettings } from "./start/settings.js"
import { signingSecretOf } from "./start/signingSecret.js"

const makeAdminKey = async (): Promise<string> => {
  const settings = readSettings(process.env)
  const signingSecret = await signingSecretOf(settings, console.error)
  const client = await openClient(settings, signingSecret, console.error)
  try {
    const operators = await findOperators(client, { signingSecret, adopted: settings.operatorsOrganization })
    return (await client.createKey(operatorKey(operators, "Made by new-admin-key"))).plaintext
  } finally {
    await client.close()
  }
}

try {
  console.log(await makeAdminKey())
} catch (error) {
  // The message alone: it says what to do, and holds no secret.
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
