import type { ApiKeyClient } from "@apikeys/core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { makeGuard, type RequestMessage } from "../src/index.js"
import { openWithKey } from "./table/openWithKey.js"

/** What a unit test makes of a request: no more than it has to. */
describe("a guard of plain mocks", () => {
  let client: ApiKeyClient
  let key: string
  beforeAll(async () => {
    ;({ client, key } = await openWithKey())
  })
  afterAll(() => client.close())

  const outcomes = async (message: RequestMessage): Promise<ReadonlyArray<string>> => {
    const reader = { message: (request: RequestMessage) => request, address: () => undefined }
    const told: Array<string> = []
    // The second one has to make do with what the first one left.
    for (const _ of [1, 2]) {
      const decision = await makeGuard({ client, hideCredentials: true }, reader).check(message)
      told.push(decision._tag === "Refused" ? decision.error.problem.code : decision._tag)
    }
    return told
  }

  it.each<readonly [headers: (key: string) => RequestMessage["headers"], outcome: string]>([
    [(key) => ({ "x-api-key": key }), "Passed"],
    [(key) => ({ "X-API-Key": key }), "Passed"],
    [(key) => ({ authorization: `Bearer ${key}` }), "Passed"],
    [(key) => ({ authorization: `Bearer ${key}`, "x-api-key": [key] }), "Passed"],
    [() => ({}), "missing_credential"],
    [() => ({ "x-api-key": undefined }), "missing_credential"],
    [() => ({ "x-api-key": [] }), "missing_credential"],
    [() => ({ "x-api-key": 1 as never }), "missing_credential"],
    [() => ({ "x-api-key": "nonsense" }), "invalid_key"],
    [(key) => ({ "x-api-key": [key, key] }), "invalid_request"],
    [(key) => ({ "x-api-key": key, "X-API-Key": key }), "invalid_request"],
    [(key) => ({ "x-api-key": key, authorization: "Bearer another" }), "invalid_request"]
  ])("%#: %s is %s", async (headersOf, outcome) => {
    for (const rawHeaders of [undefined, []]) {
      const headers = headersOf(key)
      const message = { method: "GET", headers, ...(rawHeaders && { rawHeaders }) }
      assert.deepStrictEqual(await outcomes(message), [outcome, outcome])
      assert.notInclude(JSON.stringify(message), key)
    }
  })

  it("reads the raw field where it is there, whatever stands in headers", async () => {
    const message = { headers: { "x-api-key": "another" }, rawHeaders: ["X-API-Key", key, "Host", "localhost"] }
    assert.deepStrictEqual(await outcomes(message), ["Passed", "Passed"])
    const moved = { headers: { "x-api-key": key }, rawHeaders: ["Host", "localhost"] }
    assert.deepStrictEqual(await outcomes(moved), ["Passed", "Passed"])
    const twice = { headers: { "x-api-key": [key, key] }, rawHeaders: ["Host", "localhost"] }
    assert.deepStrictEqual(await outcomes(twice), ["invalid_request", "invalid_request"])
  })

  it("may be a field with the name of a member of Object", async () => {
    const reader = { message: (request: RequestMessage) => request, address: () => undefined }
    const guard = makeGuard({ client, credentials: { bearer: false, headers: ["constructor"] } }, reader)
    const decision = await guard.check({ headers: {}, rawHeaders: ["Host", "localhost"] })
    assert.strictEqual(decision._tag, "Refused")
  })
})
