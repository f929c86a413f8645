import type { ApiKeyClient } from "@apikeys/core"
import { FailureLimit } from "@apikeys/http"
import serverless from "serverless-http"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { AnyOptions } from "./App.js"
import { openWithKey } from "./openWithKey.js"

/** What a handler of Lambda gives. */
interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An application whose one route, `/`, is guarded, and tells the names of the header fields that its handler sees. */
export type Guarded = (options: AnyOptions) => Promise<serverless.Application> | serverless.Application

/** What holds of guards behind adapters of serverless hosts, which fill `headers` alone. */
export const runServerless = (framework: string, guarded: Guarded): void => {
  describe(`${framework} behind serverless-http`, () => {
    let client: ApiKeyClient
    let key: string
    beforeAll(async () => {
      ;({ client, key } = await openWithKey())
    })
    afterAll(() => client.close())

    const call = async (
      options: Partial<AnyOptions>,
      headers: Readonly<Record<string, string>>,
      { method = "GET", sourceIp = "203.0.113.9" } = {}
    ): Promise<Answer> => {
      const handler = serverless(await guarded({ client, ...options }))
      const event = {
        version: "2.0",
        rawPath: "/",
        rawQueryString: "",
        headers,
        body: "",
        requestContext: { http: { method, sourceIp } }
      }
      return (await handler(event, {})) as Answer
    }

    it("a key in either field is found, and hidden", async () => {
      for (const headers of [{ "X-API-Key": key }, { Authorization: `Bearer ${key}` }]) {
        const { body, statusCode } = await call({ hideCredentials: true }, headers)
        assert.strictEqual(statusCode, 200, body)
        assert.notInclude(body, "x-api-key")
        assert.notInclude(body, "authorization")
      }
    })

    it("what is no good key is refused", async () => {
      const refusals: ReadonlyArray<readonly [headers: Record<string, string>, status: number]> = [
        [{}, 401],
        [{ "X-API-Key": "nonsense" }, 401],
        [{ "X-API-Key": `${key}, ${key}` }, 400],
        [{ Authorization: "Bearer" }, 400],
        [{ Authorization: "Bearer another", "X-API-Key": key }, 400]
      ]
      for (const [headers, status] of refusals) assert.strictEqual((await call({}, headers)).statusCode, status)
    })

    it("a preflight is answered, and clients are told apart by what the host says", async () => {
      const preflight = { Origin: "https://app.example", "Access-Control-Request-Method": "GET" }
      assert.strictEqual((await call({}, preflight, { method: "OPTIONS" })).statusCode, 204)
      const options = { failureLimit: new FailureLimit({ requests: 1, window: "day" }) }
      const statuses: Array<number> = []
      for (const sourceIp of ["203.0.113.9", "203.0.113.9", "203.0.113.10"]) {
        statuses.push((await call(options, { "X-API-Key": "nonsense" }, { sourceIp })).statusCode)
      }
      assert.deepStrictEqual(statuses, [401, 429, 401])
    })
  })
}
