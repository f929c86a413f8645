// This library, on either of its faces, as contenders.
import { ApiKeyClient, ApiKeys, KeyVerifier, type StoreLayer, Tenants } from "@apikeys/core"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { awaited, callsBetweenTurns } from "../measure/pace.js"
import { callOptions, type Mode, openOptions } from "./apikeys.js"
import type { Bench } from "./Bench.js"
import { caller, type Open } from "./Contender.js"
import { type IssuedKeys, type Issuer, issueKeys, keyPrefix, rotating, signingSecret } from "./keys.js"
import type { StoreOf } from "./stores.js"

export const openClient = (store: StoreLayer, mode: Mode, capacity?: number): Promise<ApiKeyClient> =>
  ApiKeyClient.open({ ...openOptions(mode, capacity), store, signingSecret, keyPrefix })

/** Keys that are there already, instead of keys of the contender's own. */
export type Keys = (bench: Bench) => Promise<IssuedKeys>

const promiseFace =
  (store: StoreOf, mode: Mode, keys?: Keys): Open =>
  async (bench) => {
    const client = await openClient(await store.open(bench), mode)
    const { asked, plaintexts } = await (keys?.(bench) ?? issueKeys(client, bench.scale.keys))
    const options = { ...asked, ...callOptions(mode) }
    const plaintext = rotating(plaintexts)
    return caller(bench.scale, {
      run: awaited((index) => client.validateKey(plaintext(index), options)),
      writesBehind: mode.usage === "deferred",
      close: async () => {
        await client.close()
      }
    })
  }

type Runtime = ManagedRuntime.ManagedRuntime<ApiKeys | KeyVerifier | Tenants, unknown>

const issuerOf = (runtime: Runtime): Issuer => ({
  getOrCreateOrganization: (input) =>
    runtime.runPromise(Effect.flatMap(Tenants, (tenants) => tenants.getOrCreateOrganization(input))),
  getOrCreateProduct: (input) =>
    runtime.runPromise(Effect.flatMap(Tenants, (tenants) => tenants.getOrCreateProduct(input))),
  createKey: async (input) => {
    const { plaintext } = await runtime.runPromise(Effect.flatMap(ApiKeys, (keys) => keys.createKey(input)))
    return { plaintext: Redacted.value(plaintext) }
  }
})

const turn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

const effectFace =
  (store: StoreOf, mode: Mode): Open =>
  async (bench) => {
    const services = ApiKeys.layer({ ...openOptions(mode), signingSecret, keyPrefix })
    const runtime = ManagedRuntime.make(Layer.provide(services, await store.open(bench)))
    const { asked, plaintexts } = await issueKeys(issuerOf(runtime), bench.scale.keys)
    const verifier = await runtime.runPromise(KeyVerifier)
    const options = { ...asked, ...callOptions(mode) }
    const plaintext = rotating(plaintexts)
    return caller(bench.scale, {
      run: (calls, inFlight) => {
        let next = 0
        const worker = Effect.gen(function* () {
          while (next < calls) {
            const index = next++
            if (index % callsBetweenTurns === 0) yield* turn
            yield* verifier.validateKey(plaintext(index), options)
          }
        })
        const workers = Array.from({ length: inFlight }, () => worker)
        return runtime.runPromise(Effect.all(workers, { concurrency: inFlight, discard: true }))
      },
      writesBehind: mode.usage === "deferred",
      close: () => runtime.dispose()
    })
  }

/** This library in a mode, under a name. */
export const library = (
  name: string,
  store: StoreOf,
  mode: Mode,
  options: { readonly face?: "promise" | "effect"; readonly keys?: Keys } = {}
): Readonly<Record<string, Open>> => ({
  [name]: options.face === "effect" ? effectFace(store, mode) : promiseFace(store, mode, options.keys)
})
