import { describe, expect, it } from "vitest"
import { ApiKeyClient, type ImportKeyData, MemoryStore, type StoreLayer } from "../../src/index.js"
import { makeStoreFaults } from "../../src/testing/index.js"

const open = async (store: StoreLayer = MemoryStore.layer) => {
  const client = await ApiKeyClient.open({ store, signingSecret: "0123456789abcdef".repeat(4), keyPrefix: "myapp" })
  return { client, organizationId: (await client.createOrganization({ name: "Acme" })).id }
}

const refused = { organizationId: "nobody's", digest: 7, scopes: [{}, {}, {}] } as unknown as ImportKeyData

const digest = () => ({ algorithm: "hmac-sha256", hex: crypto.randomUUID().replaceAll("-", "").repeat(2) }) as const

/** Longer than anything here takes, and shorter than a test. */
const patience = { timeout: 60_000 }

describe("an import", patience, () => {
  const endless = function* () {
    for (;;) yield refused
  }

  it("of rows that are all refused leaves the event loop to others, and ends when the client closes", async () => {
    const { client } = await open()
    const importing = client.importKeys(endless()).catch((error: unknown) => error)
    let ticks = 0
    const ticking = setInterval(() => ticks++, 1)
    while (ticks < 20) await new Promise((resolve) => setTimeout(resolve, 1))
    clearInterval(ticking)
    await client.close({ timeout: 50_000 })
    expect(await importing).toMatchObject({ _tag: "StoreError", reason: "the client is closed" })
  })

  it("of very many such rows never keeps the event loop for long", async () => {
    const { client } = await open()
    let [longest, last] = [0, performance.now()]
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 1)
    const progress = await client.importKeys(Array.from({ length: 20_000 }, () => refused))
    clearInterval(ticking)
    expect(progress).toEqual({ imported: 0, existing: 0, refused: 20_000 })
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThan(1000)
    await client.close()
  })

  it("whose source gives nothing ends when the client closes, too", async () => {
    const { client } = await open()
    const source = async function* () {
      await new Promise(() => undefined)
      yield refused
    }
    const importing = client.importKeys(source()).catch((error: unknown) => error)
    await client.close({ timeout: 50_000 })
    expect(await importing).toMatchObject({ _tag: "StoreError", reason: "the client is closed" })
  })

  it("counts what a lost answer inserted as imported, and what was there before as existing", async () => {
    const faults = makeStoreFaults()
    const { client, organizationId } = await open(faults.wrap(MemoryStore.layer))
    const rows = Array.from({ length: 30 }, () => ({ organizationId, digest: digest() }))
    const named = rows.slice(0, 5).map((row) => ({ ...row, id: crypto.randomUUID() }))
    expect(await client.importKeys(named)).toEqual({ imported: 5, existing: 0, refused: 0 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    faults.inject("KeyStore.insertMany", "lose", 1)
    expect(await client.importKeys([...named, ...rows])).toEqual({ imported: 25, existing: 10, refused: 0 })
    expect(await client.importKeys(rows)).toEqual({ imported: 0, existing: 30, refused: 0 })
    await client.close()
  })
})
