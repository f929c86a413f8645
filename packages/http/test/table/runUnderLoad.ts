import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { ApiKeyClient, MemoryStore, type RateLimitWindow, Store } from "@apikeys/core"
import type { Verifier } from "@apikeys/http"
import { SqliteStore } from "@apikeys/store-sqlite"
import { Effect, Layer, Scope } from "effect"
import { afterAll, assert, beforeAll, describe, it, vi } from "vitest"
import type { Serve } from "./App.js"
import { flood, floodUntilClosed } from "./Load.js"

const signingSecret = "of no use but for this very test: 0123456789"

/** A store that several clients can open, one after the other. */
interface Lasting {
  readonly open: () => Promise<ApiKeyClient>
  readonly remove: () => void
}

const openOn = (store: Store) => ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp" })

const lastingMemory = (): Lasting => {
  const scope = Effect.runSync(Scope.make())
  const context = Effect.runSync(Layer.buildWithScope(MemoryStore.layer, scope))
  return { open: () => openOn(Store.fromLayer(Layer.succeedContext(context))), remove: () => undefined }
}

const lastingFile = (): Lasting => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-http-"))
  return {
    // By the clock of this process, which a test can stop.
    open: () => openOn(SqliteStore.layer({ filename: join(folder, "test.db"), timeout: "60 seconds", time: "clock" })),
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/** A window that does not end while a test runs: it does so in 2033. */
const long = 1_000_000_000

const createKey = async (client: ApiKeyClient, requests: number, window: RateLimitWindow = long) => {
  const [organization] = await client.getOrCreateOrganization({ name: "Acme Inc" })
  const { key, plaintext } = await client.createKey({
    organizationId: organization.id,
    rateLimits: [{ requests, window }]
  })
  return { id: key.id, plaintext }
}

/** A client whose verifications wait until they are let go. */
const held = (client: ApiKeyClient) => {
  const gate = { waiting: 0, open: (): void => undefined }
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const verifier: Verifier = {
    validateKey: async (plaintext, options) => {
      gate.waiting++
      await opened
      return client.validateKey(plaintext, options)
    }
  }
  return { gate, verifier }
}

/** For a small machine that does something else as well. */
const patience = 30_000

/** What holds of a guarded route under load, with a framework. */
export const runUnderLoad = (framework: string, serve: Serve): void => {
  describe.each([
    ["memory", lastingMemory],
    ["SQLite", lastingFile]
  ])(`${framework} under load (%s)`, (_, makeStore) => {
    let store: Lasting
    let client: ApiKeyClient
    beforeAll(async () => {
      store = makeStore()
      client = await store.open()
    })
    afterAll(async () => {
      await client.close()
      store.remove()
    })

    it("of 1,100 requests over 100 connections, a limit of 1,000 a minute admits 1,000, and counts as many", async () => {
      // No minute turns while time stands still. Timers run.
      vi.useFakeTimers({ toFake: ["Date"] })
      try {
        const { id, plaintext } = await createKey(client, 1000, "minute")
        const served = await serve({ guards: [{ client }] })
        const answers = await flood(served.port, plaintext, { connections: 100, requests: 11 })
        await served.close()
        assert.deepStrictEqual(answers, { 200: 1000, 429: 100 })
        assert.strictEqual((await client.getKey(id)).useCount, 1000)
        assert.strictEqual((await client.getLimits(id))[0]?.remaining, 0)
      } finally {
        vi.useRealTimers()
      }
    }, 120_000)

    it("of clients that hang up while they are verified, no charge is lost or doubled", async () => {
      const { id, plaintext } = await createKey(client, 1000)
      const { gate, verifier } = held(client)
      const served = await serve({ guards: [{ client: verifier }, { client: verifier }] })
      const text = (key: string) => `GET / HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n\r\n`
      const sockets = [...Array(10).fill(plaintext), "unknown", "unknown"].map((key: string) => {
        const socket = connect(served.port, "127.0.0.1", () => socket.write(text(key)))
        return socket
      })
      await vi.waitFor(() => assert.strictEqual(gate.waiting, 12), { timeout: patience })
      for (const socket of sockets) socket.destroy()
      await sleep(50)
      gate.open()
      await vi.waitFor(async () => assert.strictEqual((await client.getKey(id)).useCount, 10), { timeout: patience })
      // Time for what must not happen: a second charge, or a rejection that nobody handles, which fails the run.
      await sleep(100)
      await served.close()
      assert.strictEqual((await client.getKey(id)).useCount, 10)
      assert.strictEqual((await client.getLimits(id))[0]?.remaining, 990)
    }, 120_000)

    it("a graceful stop answers what was accepted, and keeps what was counted", async () => {
      const own = await store.open()
      const { id, plaintext } = await createKey(own, 1_000_000)
      let handled = 0
      const served = await serve({
        guards: [{ client: own }],
        handler: async () => {
          handled++
          await sleep(5)
          return { body: {} }
        }
      })
      const clients = floodUntilClosed(served.port, plaintext, 20)
      await vi.waitFor(() => assert.isAbove(handled, 100), { timeout: patience })
      await served.close()
      const { unflushedUses } = await own.close()
      const answers = await clients
      assert.strictEqual(unflushedUses, 0)
      assert.strictEqual(answers[200], handled)
      assert.strictEqual((await client.getKey(id)).useCount, handled)
    }, 120_000)
  })
}
