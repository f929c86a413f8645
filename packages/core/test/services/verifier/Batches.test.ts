import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import { makeBatches } from "../../../src/services/verifier/Batches.js"
import { PlainCaller } from "../../../src/services/verifier/Caller.js"

/** A store that takes a turn of the event loop to answer, and the sizes of the batches that it was asked for. */
const makeStore = () => {
  const sizes: Array<number> = []
  const run = (requests: ReadonlyArray<number>) =>
    Effect.async<ReadonlyArray<number>>((resume) => {
      sizes.push(requests.length)
      setImmediate(() => resume(Effect.succeed(requests)))
    })
  return { sizes, run }
}

const batchesOver = (run: ReturnType<typeof makeStore>["run"]) =>
  makeBatches<number, number, string>({
    run,
    keyOf: null,
    size: 256,
    concurrency: 1,
    capacity: 1000,
    onFull: () => "full",
    onMissing: () => "missing"
  })

describe("batches", () => {
  it("hold all who ask again once they were answered, also where one of them asked before the others", async () => {
    const managed = ManagedRuntime.make(Layer.empty)
    const runtime = await managed.runtime()
    const { run, sizes } = makeStore()
    const { add } = batchesOver(run)
    const caller = new PlainCaller(runtime, () => true)
    const ask = (request: number) => new Promise<void>((resolve) => add(request, caller, () => resolve()))
    const go = async (name: number) => {
      for (let times = 0; times < 10; times++) {
        await ask(name)
        // As a client's promises do, it takes a while of this turn to come again.
        for (let hops = 0; hops < 10; hops++) await undefined
      }
    }
    const first = go(0)
    await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)))
    await Promise.all([first, ...Array.from({ length: 15 }, (_, i) => go(i + 1))])
    assert.deepStrictEqual(sizes, [1, ...Array.from({ length: 9 }, () => 16), 15])
    await managed.dispose()
  })
})
