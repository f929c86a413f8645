import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { ApiKeyClient, type CreatedKeyData } from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Program, startProgram } from "../../../scripts/test/startProgram.js"

const signingSecret = "of no use but for this very test: 0123456789"

interface Told {
  readonly zone: string
  readonly time: string | null
}

/** What the two examples of an API have in common: all that their callers see. */
export const runApi = (name: string, dist: string): void => {
  describe(name, { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), `apikeys-${name}-`))
    const database = join(folder, "clock.db")
    const env = { APIKEYS_SIGNING_SECRET: signingSecret, DATABASE_FILE: database }
    let program: Program
    let adminKey: string

    const newAdminKey = async () => {
      const { stderr, stdout } = await promisify(execFile)(process.execPath, [join(dist, "adminKey.js"), "Olga"], {
        env: { ...process.env, ...env }
      })
      assert.strictEqual(stderr, "")
      return stdout.trim()
    }

    const call = (path: string, key: string, init: { readonly method?: string; readonly body?: string } = {}) =>
      fetch(`${program.url}${path}`, {
        ...init,
        headers: {
          ...(key !== "" && { "X-API-Key": key }),
          ...(init.body !== undefined && { "Content-Type": "application/json" })
        }
      })

    const createKey = async (input: object): Promise<CreatedKeyData> => {
      const answer = await call("/admin/keys", adminKey, { method: "POST", body: JSON.stringify(input) })
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(answer.headers.get("cache-control"), "no-store")
      return (await answer.json()) as CreatedKeyData
    }

    const outcome = async (answer: Response) => [answer.status, ((await answer.json()) as { code?: string }).code]

    beforeAll(async () => {
      program = await startProgram(join(dist, "main.js"), { cwd: folder, env })
      adminKey = await newAdminKey()
    })
    afterAll(async () => {
      await program.stop("SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    })

    it("does not start without a signing secret, and says how to make one", async () => {
      const started = startProgram(join(dist, "main.js"), { cwd: folder, env: { DATABASE_FILE: database } })
      const error = await started.catch((thrown: Error) => thrown)
      assert.instanceOf(error, Error)
      assert.match(error.message, /^Ended with 1: .*signingSecret.*openssl rand -hex 32/s)
    })

    it("is healthy, and tells strangers no more", async () => {
      assert.deepStrictEqual(await (await call("/health", "")).json(), { healthy: true })
      assert.deepStrictEqual(await outcome(await call("/v1/time?zone=UTC", "")), [401, "missing_credential"])
      assert.deepStrictEqual(await outcome(await call("/admin/keys", "nonsense")), [401, "invalid_key"])
      assert.strictEqual((await call("/nowhere", "")).status, 404)
    })

    it("tells the time, and shows the limits", async () => {
      const { plaintext } = await createKey({ name: "Alice", requestsPerMinute: 4 })
      const told = async (query: string) => {
        const answer = await call(`/v1/time${query}`, plaintext)
        const limit = answer.headers.get("ratelimit")?.replace(/;t=\d+$/, "")
        return [answer.status, limit, (await answer.json()) as { times: Array<Told>; code?: string }] as const
      }
      const [status, limit, { times }] = await told("?zone=Asia/Tokyo&zone=Not/AZone&zone=UTC")
      assert.deepStrictEqual([status, limit], [200, '"per-minute";r=1'])
      assert.deepStrictEqual(
        times.map(({ zone }) => zone),
        ["Asia/Tokyo", "Not/AZone", "UTC"]
      )
      const [tokyo = 0, nowhere, utc = 0] = times.map(({ time }) => Date.parse(`${time}Z`))
      assert.strictEqual(tokyo - utc, 9 * 3_600_000)
      assert.isNaN(nowhere)
      // Either the minute has turned since, or three do not fit into what is left.
      const [again, left, problem] = await told("?zone=UTC&zone=UTC&zone=UTC")
      if (again === 429) assert.deepStrictEqual([left, problem.code], ['"per-minute";r=0', "quota_exceeded"])
      else assert.deepStrictEqual([again, left], [200, '"per-minute";r=1'])
    })

    it("lets no customer administrate, and no operator in as a customer", async () => {
      const { plaintext } = await createKey({ name: "Bob" })
      assert.deepStrictEqual(await outcome(await call("/admin/keys", plaintext)), [403, "key_not_allowed"])
      assert.deepStrictEqual(await outcome(await call("/v1/time", adminKey)), [403, "key_not_allowed"])
      // What a body says beyond what the route takes has no effect.
      const { key } = await createKey({ name: "Carol", scopes: ["*"], productId: null })
      assert.deepStrictEqual(key.scopes, ["time:read"])
      assert.isNotNull(key.productId)
    })

    it("shuts out a stranger who guesses keys, and no other client of the same proxy", async () => {
      const { plaintext } = await createKey({ name: "Grace" })
      const through = async (forwardedFor: string, key: string) => {
        const answer = await fetch(`${program.url}/v1/time?zone=UTC`, {
          headers: { "X-API-Key": key, "X-Forwarded-For": forwardedFor }
        })
        await answer.arrayBuffer()
        return answer.status
      }
      // What the stranger claims stands before what the proxy knows. More than a minute's worth: it may turn meanwhile.
      let status = 401
      for (let n = 0; n < 250 && status === 401; n++) status = await through(`192.0.2.${n}, 203.0.113.9`, "nonsense")
      assert.strictEqual(status, 429)
      assert.strictEqual(await through("198.51.100.7", plaintext), 200)
      assert.strictEqual(await through("198.51.100.7", "nonsense"), 401)
    })

    it("lists keys, and ends them", async () => {
      const { key, plaintext } = await createKey({ name: "Dave" })
      const { items } = (await (await call("/admin/keys", adminKey)).json()) as { items: Array<{ id: string }> }
      assert.include(
        items.map(({ id }) => id),
        key.id
      )
      assert.notInclude(JSON.stringify(items), plaintext)
      assert.notInclude(JSON.stringify(items), "Olga")

      const end = (id: string) => call(`/admin/keys/${id}`, adminKey, { method: "DELETE" })
      assert.deepInclude(await (await end(key.id)).json(), { status: "revoked", revokedReason: "revoked by Olga" })
      assert.deepStrictEqual(await outcome(await call("/v1/time", plaintext)), [403, "revoked_key"])
      assert.deepStrictEqual(await outcome(await end("0197721d-3c80-7000-8000-000000000000")), [404, "not_found"])
      assert.deepStrictEqual(await outcome(await end("Dave")), [400, "invalid_input"])
    })

    it("ends no operator's key", async () => {
      const client = await ApiKeyClient.open({
        store: SqliteStore.layer({ filename: database }),
        signingSecret,
        keyPrefix: "clock"
      })
      const { key } = await client.verifyKey(adminKey, { trackUsage: false })
      await client.close()
      const answer = await call(`/admin/keys/${key.id}`, adminKey, { method: "DELETE" })
      assert.deepStrictEqual(await outcome(answer), [404, "not_found"])
      assert.strictEqual((await call("/admin/keys", adminKey)).status, 200)
    })

    it("says what is wrong with a request", async () => {
      const create = (body: string) => call("/admin/keys", adminKey, { method: "POST", body })
      for (const body of ["{", '{"name":"Eve","requestsPerMinute":0}', '{"name":" "}']) {
        assert.strictEqual((await create(body)).status, 400, body)
      }
      assert.strictEqual((await create(JSON.stringify({ name: "x".repeat(20_000) }))).status, 413)
    })

    it("stops when it is asked to: what was accepted is answered, what was counted is written down", async () => {
      const { key, plaintext } = await createKey({ name: "Frank", requestsPerMinute: 1_000_000 })
      let answered = 0
      let stopped: Promise<unknown> | undefined
      const work = async () => {
        for (;;) {
          const answer = await call("/v1/time?zone=UTC", plaintext).catch(() => null)
          // Not accepted any more, or told so.
          if (answer === null || (answer.status === 503 && stopped !== undefined)) return
          assert.strictEqual(answer.status, 200)
          await answer.json()
          answered++
          if (answered === 100) stopped = program.stop()
        }
      }
      await Promise.all(Array.from({ length: 10 }, work))
      assert.strictEqual(await stopped, 0)
      const client = await ApiKeyClient.open({
        store: SqliteStore.layer({ filename: database }),
        signingSecret,
        keyPrefix: "clock"
      })
      assert.strictEqual((await client.getKey(key.id)).useCount, answered)
      await client.close()
      assert.notMatch(program.output(), /clock_[0-9A-Za-z]{5}/)
    })
  })
}
