import { type Context, Effect, Layer } from "effect"
import { ApiKeys, type ApiKeysOptions, MemoryStore, type StorePorts } from "../../../src/index.js"
import { type Interception, interceptStore, makeStoreCalls } from "../../../src/testing/index.js"
import { makeChannel } from "../changes.js"
import { signingSecret } from "../live.js"

/** So many processes with leases over one store, which tells them that nothing changes. */
export const processes = (
  count: number,
  intercept: Interception = (_, effect) => effect,
  options: Partial<ApiKeysOptions> = {}
) =>
  Effect.gen(function* () {
    const channel = makeChannel()
    const calls = makeStoreCalls()
    const ports = yield* Layer.build(calls.wrap(interceptStore(MemoryStore.layer, intercept)))
    const services = ApiKeys.layer({
      signingSecret,
      keyPrefix: "myapp",
      usage: "off",
      rateLimits: "leased",
      ...options
    })
    const over = Layer.merge(Layer.succeedContext(ports as Context.Context<StorePorts>), channel.layer)
    const begin = Layer.build(Layer.fresh(Layer.provide(services, over)))
    const all = yield* Effect.all(Array.from({ length: count }, () => begin))
    return { calls, channel, all, begin }
  })
