import { type Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ApiKeyClient } from "../../client/ApiKeyClient.js"
import { pythonKeys } from "../../domain/ForeignKeys.js"
import { Store, type StoreLayer, type StorePorts } from "../../ports/Store.js"
import { makeCapture } from "../capture.js"
import { clientAccess } from "./clientAccess.js"
import { clientClosing } from "./clientClosing.js"
import { clientEndings } from "./clientEndings.js"
import type { OpenedClient } from "./clientFixtures.js"
import { clientFuzz } from "./clientFuzz.js"
import { clientImports } from "./clientImports.js"
import { clientKeys } from "./clientKeys.js"
import { clientLimits } from "./clientLimits.js"
import { clientPlaintexts } from "./clientPlaintexts.js"
import { clientRotation } from "./clientRotation.js"
import { clientSecrets, type OpenWithSecrets } from "./clientSecrets.js"
import { clientTenants } from "./clientTenants.js"
import { clientVerification } from "./clientVerification.js"
import { makeClientWatch } from "./clientWatch.js"

/** What a suite opens clients with: 64 characters, as `openssl rand -hex 32` prints. */
export const contractSecret = "c0ffee1234567890abcdef".repeat(3).slice(0, 64)

const openStore = (store: Store, environment = "live") =>
  ApiKeyClient.open({
    store,
    signingSecret: contractSecret,
    keyPrefix: "myapp",
    environment,
    acceptForeignKeys: [pythonKeys({ prefix: "old", environment })]
  })

/**
 * Holds the whole library, over a store, to what it promises its users: every operation of the Promise client,
 * end to end. What `storeContract` proves of the ports, this proves of what stands on them.
 *
 * Like `storeContract`, it makes rows of its own under random names, and cleans up none of them.
 *
 * @param open makes the store; each call opens the same database
 * @since 0.1.0
 */
export const clientContract = (name: string, open: () => StoreLayer, options?: { readonly timeout?: number }): void => {
  const timeout = options?.timeout ?? 60_000
  describe(`client contract: ${name}`, { timeout }, () => {
    const capture = makeCapture()
    const watch = makeClientWatch(capture)
    let client: ApiKeyClient | undefined
    const openClient = async (environment = "live") =>
      watch.over(await openStore(Store.fromLayer(Layer.provideMerge(open(), capture.layer)), environment))

    /** One store for several clients, which closing one of them leaves open. */
    const scope = Effect.runSync(Scope.make())
    let shared: Promise<Context.Context<StorePorts>> | undefined
    const openWith: OpenWithSecrets = async ([signingSecret, ...previousSigningSecrets]) => {
      shared ??= Effect.runPromise(Layer.buildWithScope(open(), scope))
      const store = Store.fromLayer(Layer.provideMerge(Layer.succeedContext(await shared), capture.layer))
      const secrets = { signingSecret, previousSigningSecrets }
      const foreign = [pythonKeys({ prefix: "old", environment: "live" })]
      const heads = { keyPrefix: "myapp", environment: "live", acceptForeignKeys: foreign }
      return watch.over(await ApiKeyClient.open({ store, ...secrets, ...heads }))
    }

    beforeAll(async () => {
      client = await openClient()
    }, timeout)
    afterAll(async () => {
      await client?.close()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }, timeout)

    const opened: OpenedClient = () => {
      if (client === undefined) throw new Error("The client is opened before the tests run")
      return client
    }
    describe("tenants", () => clientTenants(opened))
    describe("keys", () => clientKeys(opened))
    describe("verification", () => clientVerification(opened, openClient))
    describe("rotation", () => clientRotation(opened))
    describe("endings", () => clientEndings(opened))
    describe("signing secrets", () => clientSecrets(openWith))
    describe("plaintexts", () => clientPlaintexts(openWith))
    describe("access", () => clientAccess(opened))
    describe("limits", () => clientLimits(opened))
    describe("imports", () => clientImports(opened, openClient, contractSecret))
    // Unwatched: it makes so much that to look through all of it would take minutes.
    describe("hostile input", () => clientFuzz(() => openStore(open())))
    describe("closing", () => clientClosing(openClient))
    describe("secrecy", () => {
      it("no log, span, error or result of all this holds a plaintext, a digest or the signing secret", async () => {
        const secrets = [contractSecret, ...(await watch.secrets(contractSecret))]
        const origins = new Set(capture.entries().map(({ origin }) => origin))
        expect(secrets.length).toBeGreaterThan(50)
        for (const origin of ["error", "result", 'span "ApiKeys.createKey"']) expect(origins).toContain(origin)
        expect(capture.leaks(secrets)).toEqual([])
      })
    })
  })
}
