import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { ApiKeyClient, MemoryStore, pythonKeys } from "../../src/index.js"

const program = fileURLToPath(new URL("holdingSecrets.ts", import.meta.url))

/** What the last regular expression matched was found in. */
const remembered = (): string => (RegExp as unknown as { readonly input: string }).input

describe("what a process holds in memory", { timeout: 120_000 }, () => {
  it("is no signing secret as text, once a client is open", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--import", "tsx", program])
    expect(JSON.parse(stdout)).toEqual({ control: true, signingSecret: false, previous: false })
  })

  it("is no key in RegExp.input, issued or from elsewhere, good or not", async () => {
    const client = await ApiKeyClient.open({
      store: MemoryStore.layer,
      signingSecret: "0123456789abcdef".repeat(4),
      keyPrefix: "myapp",
      acceptForeignKeys: [pythonKeys({ prefix: "old" })]
    })
    const { id: organizationId } = await client.createOrganization({ name: "Acme" })
    const { plaintext } = await client.createKey({ organizationId })
    const foreign = `old_${"aB3_-".repeat(9).slice(0, 43)}`
    const other = `other_${plaintext.slice(6)}`
    const calls = [
      () => client.verifyKey(plaintext),
      () => client.validateKey(plaintext),
      () => client.importKey({ organizationId, plaintext: foreign }),
      () => client.verifyKey(foreign),
      () => client.verifyKey(`${foreign.slice(0, -1)}x`),
      () => client.verifyKey(`${plaintext.slice(0, -1)}_`),
      () => client.verifyKey(other),
      () => client.importKey({ organizationId, plaintext: `${plaintext}\ud800` })
    ]
    for (const [i, call] of calls.entries()) {
      expect("a mark".match(/mark/)).not.toBeNull()
      await call().catch(() => undefined)
      const input = remembered()
      for (const part of [plaintext.slice(6, 40), foreign.slice(4, 40)])
        expect(input.includes(part), `call ${i}`).toBe(false)
    }
    await client.close()
  })
})
