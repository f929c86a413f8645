import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ApiKeyClient } from "@apikeys/core"
import { clientContract, contractSecret } from "@apikeys/core/testing"
import { SqliteStore } from "@apikeys/store-sqlite"
import { afterAll, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "apikeys-"))
const filename = join(folder, "client.db")

afterAll(() => rmSync(folder, { recursive: true }))

clientContract("sqlite", () => SqliteStore.layer({ filename }))

it("every use that was counted is in the file after closing", async () => {
  const open = () => ApiKeyClient.open({ store: SqliteStore.layer({ filename }), signingSecret: contractSecret })
  const client = await open()
  const [{ id: organizationId }] = await client.getOrCreateOrganization({ name: "Closing" })
  const { key, plaintext } = await client.createKey({ organizationId })
  const calls = Promise.all(Array.from({ length: 100 }, () => client.verifyKey(plaintext)))
  await client.close()
  await calls
  const next = await open()
  expect((await next.getKey(key.id)).useCount).toBe(100)
  await next.close()
})

it("no byte of the file, or of its log, is of a plaintext or of the signing secret", async () => {
  const client = await ApiKeyClient.open({ store: SqliteStore.layer({ filename }), signingSecret: contractSecret })
  const [{ id: organizationId }] = await client.getOrCreateOrganization({ name: "Secrecy" })
  const { key, plaintext } = await client.createKey({ organizationId, rateLimits: [{ requests: 5, window: "day" }] })
  await client.validateKey(plaintext)
  const secret = plaintext.slice(plaintext.lastIndexOf("_") + 1)
  const bytes = ["", "-wal"].map((suffix) => readFileSync(filename + suffix))
  expect(bytes.some((part) => part.includes(key.id))).toBe(true)
  for (const part of bytes) for (const text of [secret, contractSecret]) expect(part.includes(text)).toBe(false)
  await client.close()
})
