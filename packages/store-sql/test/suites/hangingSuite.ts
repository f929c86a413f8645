import { ApiKeyClient, type ApiKeyClientOptions, StoreError, type StoreLayer } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sleep } from "../processes/sleep.js"
import type { OwnServer } from "./outageSuite.js"
import type { SqlBackend } from "./SqlBackend.js"

const signingSecret = "0123456789abcdef0123456789abcdef"

const timeout = 1000

/** What is promised beyond the timeout, and what a machine that does something else as well may add to it. */
const slack = 100 + 500

const modes: ReadonlyArray<Pick<ApiKeyClientOptions, "cache" | "rateLimits" | "usage">> = [
  { rateLimits: "exact", usage: "deferred", cache: false },
  { rateLimits: "exact", usage: "durable", cache: {} },
  { rateLimits: "leased", usage: "deferred", cache: {} }
]

/** What callers of a server that hangs wait for: their own deadline, and not for those who came before. */
export const hangingSuite = ({
  layer,
  startServer,
  title
}: SqlBackend & { readonly startServer: () => Promise<OwnServer> }): void => {
  describe(`calls to a server of ${title} that hangs`, () => {
    it.scopedLive(
      "fail within the timeout of each, whatever waits before them",
      () =>
        Effect.gen(function* () {
          const server = yield* Effect.acquireRelease(Effect.promise(startServer), (own) =>
            Effect.promise(() => own.stop())
          )
          const open = (store: StoreLayer, options: Partial<ApiKeyClientOptions> = {}) =>
            Effect.acquireRelease(
              Effect.retry(
                Effect.tryPromise(() => ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp", ...options })),
                { times: 5 }
              ),
              (client) => Effect.promise(() => client.close({ timeout: 5000 }))
            )
          const patient = yield* open(layer(server.url))
          const clients = yield* Effect.forEach(modes, (mode) =>
            open(layer(server.url, { timeout, maxConnections: 2, migrate: false }), mode)
          )
          yield* Effect.promise(async () => {
            const { id: organizationId } = await patient.createOrganization({ name: "Acme" })
            const keys = await Promise.all(
              Array.from({ length: 40 }, () =>
                patient.createKey({ organizationId, rateLimits: [{ requests: 100_000, window: "day" }] })
              )
            )
            const call = async (client: ApiKeyClient, i: number) => {
              const began = performance.now()
              const error = await client.validateKey(keys[i % keys.length]?.plaintext ?? "").then(
                () => null,
                (rejection) => rejection
              )
              return { error, elapsed: performance.now() - began }
            }
            const isServed = async (client: ApiKeyClient) => {
              const until = Date.now() + 20_000
              while ((await call(client, 0)).error !== null && Date.now() < until) await sleep(100)
              assert.isBelow(Date.now(), until)
            }
            await Promise.all(clients.map(isServed))
            await server.kill("SIGSTOP")
            try {
              // Permits that were taken ahead, and keys that are remembered, are gone by then.
              await sleep(1200)
              const calls = clients.flatMap((client) =>
                Array.from({ length: 200 }, (_, i) => sleep(i * 15).then(() => call(client, i)))
              )
              const outcomes = await Promise.all(calls)
              const slowest = Math.max(...outcomes.map(({ elapsed }) => elapsed))
              // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
              console.info(`${title}: with a timeout of ${timeout} ms, calls took ${slowest.toFixed(0)} ms at most`)
              for (const { elapsed, error } of outcomes) {
                assert.instanceOf(error, StoreError)
                assert.isTrue(error.retryable, error.reason)
                assert.isBelow(elapsed, timeout + slack)
              }
            } finally {
              await server.kill("SIGCONT")
            }
            await Promise.all(clients.map(isServed))
          })
        }),
      120_000
    )
  })
}
