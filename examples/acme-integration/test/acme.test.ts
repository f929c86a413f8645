import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Program, startProgram } from "../../../scripts/test/startProgram.js"
import { Browser } from "./Browser.js"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))
const anyKey = /acme_[0-9A-Za-z]{49}/
const password = "correct horse battery"

describe("acme-integration", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-acme-"))
  const env = {
    APIKEYS_SIGNING_SECRET: "of no use but for this very test: 0123456789",
    SESSION_SECRET: "nor is this one of any use elsewhere",
    DATA_FOLDER: folder
  }
  let program: Program
  let customers = 0

  beforeAll(async () => {
    program = await startProgram(main, { cwd: folder, env })
  })
  afterAll(async () => {
    await program.stop("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  })

  /** A customer of its own for each test, signed in. */
  const newCustomer = async () => {
    const browser = new Browser(program.url)
    const email = `customer-${++customers}@example.com`
    assert.strictEqual((await browser.post("/sign-up", { email, password })).status, 303)
    return { browser, email }
  }

  const page = async (browser: Browser) => (await browser.get("/keys")).text()

  const idsOf = async (browser: Browser) =>
    [...(await page(browser)).matchAll(/\/keys\/([0-9a-f-]{36})\/revoke/g)].map(([, id = ""]) => id)

  const plaintextOf = async (response: Response) => {
    const text = await response.text()
    assert.strictEqual(response.status, 200, text)
    assert.strictEqual(response.headers.get("cache-control"), "no-store")
    return anyKey.exec(text)?.[0] ?? ""
  }

  const newKey = async (browser: Browser, name = "Laptop") => plaintextOf(await browser.post("/keys", { name }))

  const call = (path: string, key: string) =>
    fetch(`${program.url}/v1/${path}`, { headers: { Authorization: `Bearer ${key}` } })

  const outcome = async (answer: Response) => [answer.status, ((await answer.json()) as { code?: string }).code]

  it.each([["APIKEYS_SIGNING_SECRET"], ["SESSION_SECRET"]])("does not start without %s", async (name) => {
    const error = await startProgram(main, { cwd: folder, env: { ...env, [name]: "short" } }).catch((e: Error) => e)
    assert.instanceOf(error, Error)
    assert.include(error.message, `${name} needs at least 32 characters`)
  })

  it("shows a new key once, and what is left of the plan's limits", async () => {
    const { browser } = await newCustomer()
    const key = await newKey(browser)
    const answer = await call("numbers", key)
    assert.strictEqual(answer.headers.get("ratelimit-policy"), '"per-minute";q=10;w=60, "per-day";q=100;w=86400')
    assert.deepInclude(await answer.json(), { plan: "free" })
    assert.deepStrictEqual(await outcome(await call("bytes", key)), [403, "insufficient_scope"])

    const shown = await page(browser)
    assert.notMatch(shown, anyKey)
    assert.include(shown, "<td>1</td>")
    assert.match(shown, /per-day: (99|100) of 100/)
  })

  it("escapes what customers write", async () => {
    const { browser } = await newCustomer()
    await newKey(browser, `<script>alert("1")</script>`)
    const response = await browser.get("/keys")
    assert.include(response.headers.get("content-security-policy") ?? "", "default-src 'none'")
    const shown = await response.text()
    assert.notInclude(shown, "<script>")
    assert.include(shown, "&lt;script&gt;alert(&quot;1&quot;)")
  })

  it("shuts out a stranger who guesses passwords, and no other client of the same proxy", async () => {
    const signIn = async (forwardedFor: string) => {
      const body = new URLSearchParams({ email: "nobody@example.com", password: "a wrong password" })
      const headers = { "X-Forwarded-For": forwardedFor }
      return (await fetch(`${program.url}/sign-in`, { method: "POST", body, headers })).status
    }
    // More than a minute's worth: it may turn meanwhile.
    let status = 401
    for (let n = 0; n < 25 && status === 401; n++) status = await signIn(`192.0.2.${n}, 203.0.113.9`)
    assert.strictEqual(status, 429)
    assert.strictEqual(await signIn("198.51.100.7"), 401)
  })

  it("makes one key of a form that is sent twice, and no more than the plan has", async () => {
    const { browser } = await newCustomer()
    const refused = await Promise.all(Array.from({ length: 5 }, () => browser.post("/keys", { name: "Eager" })))
    assert.deepStrictEqual(refused.map(({ status }) => status).sort(), [200, 409, 409, 409, 409])
    assert.strictEqual((await idsOf(browser)).length, 1)

    await browser.post("/plan", { plan: "pro" })
    const form = { name: "Twice", form: "one-and-the-same" }
    assert.match(await plaintextOf(await browser.post("/keys", form)), anyKey)
    assert.notMatch(await plaintextOf(await browser.post("/keys", form)), anyKey)
    assert.strictEqual((await browser.post("/keys", { ...form, name: "Thrice" })).status, 409)
    assert.strictEqual((await idsOf(browser)).length, 2)
    // The same form of somebody else is another one.
    const { browser: other } = await newCustomer()
    assert.match(await plaintextOf(await other.post("/keys", form)), anyKey)
  })

  it("upgrades keys that are out there, and keeps what was used", async () => {
    const { browser } = await newCustomer()
    const key = await newKey(browser)
    const startedOn = new Date().getUTCDate()
    for (let i = 0; i < 3; i++) assert.strictEqual((await call("numbers", key)).status, 200)
    assert.strictEqual((await browser.post("/plan", { plan: "pro" })).status, 303)
    assert.strictEqual((await call("bytes", key)).status, 200)
    const answer = await call("numbers", key)
    assert.deepInclude(await answer.json(), { plan: "pro" })
    assert.include(answer.headers.get("ratelimit-policy") ?? "", '"per-day";q=100000')
    const [, left] = /per-day: (\d+) of 100000/.exec(await page(browser)) ?? []
    // At midnight the day's limit starts afresh.
    if (new Date().getUTCDate() === startedOn) assert.strictEqual(left, "99995")

    await browser.post("/plan", { plan: "free" })
    assert.deepStrictEqual(await outcome(await call("bytes", key)), [403, "insufficient_scope"])
    assert.strictEqual((await browser.post("/plan", { plan: "__proto__" })).status, 400)
  })

  it("replaces a key that leaked", async () => {
    const { browser } = await newCustomer()
    const leaked = await newKey(browser, "Server")
    const [id = ""] = await idsOf(browser)
    const answers = await Promise.all([browser.post(`/keys/${id}/replace`), browser.post(`/keys/${id}/replace`)])
    assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [200, 409])
    const key = await plaintextOf(answers.find(({ status }) => status === 200) as Response)
    assert.deepStrictEqual(await outcome(await call("numbers", leaked)), [403, "revoked_key"])
    assert.strictEqual((await call("numbers", key)).status, 200)
    assert.include(await page(browser), "revoked: leaked, and replaced")
    assert.strictEqual((await idsOf(browser)).length, 1)
  })

  it("lets nobody at the keys of others", async () => {
    const { browser: alice } = await newCustomer()
    const { browser: bob } = await newCustomer()
    const key = await newKey(alice)
    const [id = ""] = await idsOf(alice)
    assert.deepStrictEqual(await idsOf(bob), [])
    for (const action of ["replace", "revoke"]) {
      assert.strictEqual((await bob.post(`/keys/${id}/${action}`)).status, 404)
    }
    const stranger = new Browser(program.url)
    assert.strictEqual((await stranger.get("/keys")).status, 401)
    assert.strictEqual((await stranger.post(`/keys/${id}/revoke`)).status, 401)
    assert.strictEqual((await call("numbers", key)).status, 200)
    assert.strictEqual((await alice.post(`/keys/${id}/revoke`)).status, 303)
    assert.deepStrictEqual(await outcome(await call("numbers", key)), [403, "revoked_key"])
  })

  it("takes no forged session, and no form of another site", async () => {
    const { browser: alice } = await newCustomer()
    const { browser: mallory } = await newCustomer()
    const [id] = alice.cookie.split(".")
    const [, ...rest] = mallory.cookie.split(".")
    mallory.forge([id, ...rest].join("."))
    assert.strictEqual((await mallory.get("/keys")).status, 401)
    mallory.forge("session=")
    assert.strictEqual((await mallory.get("/keys")).status, 401)
    const foreign = await alice.post("/plan", { plan: "pro" }, { "Sec-Fetch-Site": "cross-site" })
    assert.strictEqual(foreign.status, 403)
    assert.include(await page(alice), "on the free plan")
  })

  it("remembers everything when it starts again, and loses no use", async () => {
    const { browser, email } = await newCustomer()
    assert.strictEqual((await browser.post("/sign-up", { email, password })).status, 409)
    await browser.post("/plan", { plan: "pro" })
    const key = await newKey(browser)
    for (let i = 0; i < 20; i++) assert.strictEqual((await call("numbers", key)).status, 200)
    assert.strictEqual(await program.stop(), 0)
    assert.notMatch(program.output(), /acme_[0-9A-Za-z]{5}/)

    program = await startProgram(main, { cwd: folder, env })
    const again = new Browser(program.url)
    assert.strictEqual((await again.post("/sign-in", { email, password: "something else" })).status, 401)
    assert.strictEqual((await again.post("/sign-in", { email, password })).status, 303)
    assert.include(await page(again), "<td>20</td>")
    assert.include(await page(again), "on the pro plan")
    assert.strictEqual((await call("bytes", key)).status, 200)
  })
})
