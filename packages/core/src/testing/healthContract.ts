import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { StoreHealth } from "../ports/StoreHealth.js"
import { atOnce, type ContractTest, many, successes } from "./contract.js"

/** Whether a store answers. */
export const healthContract = (test: ContractTest): void => {
  test("answers a ping, also many at once", () =>
    Effect.gen(function* () {
      const { ping } = yield* StoreHealth
      const answers = yield* atOnce(Array.from({ length: many }, () => ping))
      assert.strictEqual(successes(answers).length, many)
    }))
}
