import type { StoreLayer } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** How a store checks who it talks to. */
interface Ssl {
  readonly ca?: string
  readonly rejectUnauthorized?: boolean
  readonly verifyIdentity?: boolean
}

/** A server with a certificate of its own. */
interface CertifiedServer {
  readonly url: string
  readonly certificate: string
  readonly stop: () => Promise<void>
}

export interface EncryptionBackend extends SqlBackend {
  /** Starts a server with a certificate for these names and addresses. */
  readonly startCertified: (subject: {
    readonly names: ReadonlyArray<string>
    readonly addresses: ReadonlyArray<string>
  }) => Promise<CertifiedServer>
  readonly encrypted: (address: string, ssl: true | Ssl) => StoreLayer
  /** Does as `verifyIdentity: false` does elsewhere. */
  readonly ofAnybody: (ca: string) => Ssl
}

const at = (url: string, host: string): string => {
  const changed = new URL(url)
  changed.hostname = host
  return changed.href
}

/** Opens a store, and gives what was logged meanwhile, or how it failed. */
const opened = (layer: StoreLayer) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message)))
    )
    const exit = yield* Effect.either(Effect.scoped(Layer.build(layer)).pipe(Effect.provide(logger)))
    return { failure: exit._tag === "Left" ? exit.left : null, logged }
  })

/** Whom a store talks to, and who else could listen. */
export const encryptionSuite = (backend: EncryptionBackend): void => {
  const { emptyDatabase, encrypted, layer, ofAnybody, startCertified, title } = backend

  const certified = (names: ReadonlyArray<string>, addresses: ReadonlyArray<string>) =>
    Effect.acquireRelease(
      Effect.promise(() => startCertified({ names, addresses })),
      (server) => Effect.promise(() => server.stop())
    )

  const refused = (reached: { readonly failure: unknown }, why: string) =>
    assert.deepInclude(reached.failure, { _tag: "StoreError", operation: "open", retryable: false }, why)

  describe(`a certificate of ${title}`, () => {
    it.scopedLive(
      "has to be of the host, by its name or its address, and by somebody who is trusted",
      () =>
        Effect.gen(function* () {
          const named = yield* certified(["localhost"], [])
          const ca = named.certificate
          const [byName, byAddress] = [at(named.url, "localhost"), at(named.url, "127.0.0.1")]
          assert.deepStrictEqual(yield* opened(encrypted(byName, { ca })), { failure: null, logged: [] })
          refused(yield* opened(encrypted(byAddress, { ca })), "the certificate names no address")
          refused(yield* opened(encrypted(byName, true)), "nobody vouches for it")
          assert.isNull((yield* opened(encrypted(byAddress, ofAnybody(ca)))).failure)
          const other = yield* certified(["db.example"], ["127.0.0.1"])
          const trusting = { ca: other.certificate }
          assert.isNull((yield* opened(encrypted(at(other.url, "127.0.0.1"), trusting))).failure)
          refused(yield* opened(encrypted(at(other.url, "localhost"), trusting)), "it is of another name")
          // One that goes elsewhere by its name, and is encrypted, is nothing to warn of.
          const elsewhere = yield* opened(encrypted(at(other.url, "0.0.0.0"), ofAnybody(other.certificate)))
          assert.deepStrictEqual(elsewhere, { failure: null, logged: [] })
        }),
      180_000
    )
  })

  describe(`connections to ${title} that are not encrypted`, () => {
    it.scopedLive("are told once where they leave the machine, and not where they stay", () =>
      Effect.gen(function* () {
        const url = yield* emptyDatabase
        const elsewhere = yield* opened(layer(at(url, "0.0.0.0")))
        assert.isNull(elsewhere.failure)
        assert.strictEqual(elsewhere.logged.length, 1)
        assert.match(elsewhere.logged[0] ?? "", /^Connections to the database at 0\.0\.0\.0 are not encrypted/)
        assert.deepStrictEqual(yield* opened(layer(at(url, "127.0.0.1"))), { failure: null, logged: [] })
      })
    )
  })
}
