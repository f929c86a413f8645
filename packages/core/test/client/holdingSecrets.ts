// A process with an open client, which looks for the client's secrets in its own heap.
import { randomBytes } from "node:crypto"
import { setImmediate } from "node:timers/promises"
import { getHeapSnapshot } from "node:v8"
import { ApiKeyClient, MemoryStore } from "../../src/index.js"

const open = async (signingSecret: Buffer, previous: Buffer) =>
  ApiKeyClient.open({
    store: MemoryStore.layer,
    signingSecret: signingSecret.toString("hex"),
    previousSigningSecrets: [previous.toString("hex")],
    keyPrefix: "myapp"
  })

const secrets = { control: randomBytes(32), signingSecret: randomBytes(32), previous: randomBytes(32) }
const held = { text: secrets.control.toString("hex") }
const client = await open(secrets.signingSecret, secrets.previous)
for (let i = 0; i < 3; i++) {
  await setImmediate()
  globalThis.gc?.()
}

const chunks: Array<Buffer> = []
for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk))
const snapshot = Buffer.concat(chunks)
const found = Object.fromEntries(
  Object.entries(secrets).map(([name, bytes]) => [name, snapshot.includes(bytes.toString("hex"))])
)
await client.close()
process.stdout.write(JSON.stringify(held.text === "" ? {} : found))
