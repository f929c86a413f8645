import { describe, it, type Vitest, layer as withLayer } from "@effect/vitest"
import { Duration, type Layer } from "effect"
import type { StorePorts } from "../ports/Store.js"
import { admissionContract } from "./admissionContract.js"
import { changesContract } from "./changesContract.js"
import { clockContract } from "./clockContract.js"
import { concurrencyContract } from "./concurrencyContract.js"
import type { ContractProperty, ContractTest } from "./contract.js"
import { endedKeyContract } from "./endedKeyContract.js"
import { fixtureTime } from "./fixtures.js"
import { healthContract } from "./healthContract.js"
import { keyContract } from "./keyContract.js"
import { leaseContract } from "./leaseContract.js"
import { lookupContract } from "./lookupContract.js"
import { paginationContract } from "./paginationContract.js"
import { rateLimitContract } from "./rateLimitContract.js"
import { rateLimitTimeContract } from "./rateLimitTimeContract.js"
import { type RawReads, rawContract } from "./rawContract.js"
import { makeSettableClock } from "./settableClock.js"
import { tenantContract } from "./tenantContract.js"
import { usageContract } from "./usageContract.js"

/**
 * What a store can offer to have more of it proven. Everything has to be said, also that it is missing: what
 * stays unproven is named in the output of each run.
 *
 * @since 0.1.0
 */
export interface StoreContractOptions<R = never> {
  /** A view on the tables around the store; `null` where there is none. */
  readonly rawReads: RawReads<R> | null
  /**
   * The same store, built to take the time of charges from Effect's `Clock`, so that windows pass without
   * waiting; `null` where it cannot. The clock is set for the layer's own fibers and for those of the tests.
   */
  readonly clock: Layer.Layer<StorePorts, unknown> | null
  /** How many milliseconds a test, or building the layer, may take; 60,000 by default. */
  readonly timeout?: number
}

const defaultTimeout = 60_000

/**
 * Certifies a store: adds a suite to the test file that calls it, which holds the store to everything its ports
 * promise. A store that passes may stand behind the services of this library.
 *
 * Every test makes rows of its own under random names and deletes no others. So the layer may stand on a
 * database that has rows already, and suites may share one, also at the same time; yet give it a throwaway
 * one, for nothing is cleaned up. Tests run with live services, never with `TestClock`. Up to 500 calls come at
 * once: give the store a deadline within which a slow machine answers the last of them.
 *
 * @example
 * ```ts
 * import { storeContract } from "@apikeys/core/testing"
 * import { MyStore } from "../src/index.js"
 *
 * const url = process.env.MY_STORE_URL
 *
 * storeContract("my store", MyStore.layer({ url }), {
 *   rawReads: null,
 *   clock: MyStore.layer({ url, time: "clock" })
 * })
 * ```
 *
 * @since 0.1.0
 */
export const storeContract = <E, R = never>(
  name: string,
  layer: Layer.Layer<StorePorts | R, E>,
  options: StoreContractOptions<R>
): void => {
  const timeout = options.timeout ?? defaultTimeout
  describe(`store contract: ${name}`, () => {
    const test = testOf(testerOf(layer, timeout), timeout)
    describe("health", () => healthContract(test))
    describe("tenants", () => tenantContract(test))
    describe("keys", () => keyContract(test))
    describe("lookup", () => lookupContract(test))
    describe("pagination", () => paginationContract(test))
    describe("concurrency", () => concurrencyContract(test))
    describe("rate limits", () => rateLimitContract(test))
    describe("usage", () => usageContract(test))
    describe("leases", () => leaseContract(test))
    describe("admissions", () => admissionContract(test))
    describe("ended keys", () => endedKeyContract(test))
    describe("changes", () => changesContract(test))
    const { clock, rawReads } = options
    describe("raw reads", () => {
      if (rawReads === null) unproven(name, "raw reads", "what stands in its tables")
      else rawContract(test, rawReads)
    })
    // One clock for all of them, so they take turns whatever the order of the file's other tests.
    describe("rate limits over time", { sequential: true }, () => {
      if (clock === null) return unproven(name, "settable clock", "how its limits behave as time passes")
      const settable = makeSettableClock(fixtureTime)
      const tester = testerOf(settable.drive(clock), timeout)
      rateLimitTimeContract(testOf(tester, timeout), propertyOf(tester, timeout), settable)
      clockContract(testOf(tester, timeout), settable)
    })
  })
}

/** Builds the layer before the tests of the surrounding suite, and gives what adds tests that use it. */
const testerOf = <R, E>(layer: Layer.Layer<R, E>, timeout: number): Vitest.Tester<R> => {
  // A layer replaces members of the global `it`: they are put back, for the sake of the file's other tests.
  const { effect, flakyTest, layer: makeLayer, prop, scoped } = it
  let tester: Vitest.Tester<R> | undefined
  withLayer(layer, { excludeTestServices: true, timeout: Duration.millis(timeout) })((own) => {
    tester = own.effect
  })
  Object.assign(it, { effect, flakyTest, layer: makeLayer, prop, scoped })
  if (tester === undefined) throw new Error("@effect/vitest did not call back")
  return tester
}

const testOf =
  <R>(tester: Vitest.Tester<R>, timeout: number): ContractTest<R> =>
  (title, body) =>
    tester(title, body, timeout)

const propertyOf =
  <R>(tester: Vitest.Tester<R>, timeout: number): ContractProperty<R> =>
  (title, arbitrary, numRuns, body) =>
    tester.prop(title, { value: arbitrary }, ({ value }) => body(value), { timeout, fastCheck: { numRuns } })

const unproven = (name: string, capability: string, what: string): void => {
  // biome-ignore lint/suspicious/noConsole: what nobody proved must be seen, by whichever reporter.
  console.warn(`store contract: ${name} offers no ${capability}, so ${what} is NOT PROVEN`)
  it.todo(`NOT PROVEN: ${what}, since the store offers no ${capability}`)
}
