// For whoever has lost the admin keys, but not the machine: makes one more, and prints it.
import { findOperators, operatorKey } from "./operators.js"
import { openClient } from "./start/openClient.js"
import { readSettings } from "./start/settings.js"

const client = await openClient(readSettings(process.env), console.error)
try {
  const { plaintext } = await client.createKey(operatorKey(await findOperators(client), "Made by new-admin-key"))
  console.log(plaintext)
} finally {
  await client.close()
}
