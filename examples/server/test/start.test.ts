import { execFile } from "node:child_process"
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { SqliteStore } from "@apikeys/store-sqlite"
import { describe, expect, it } from "vitest"
import { makeApi, operatorsOf } from "./server/Api.js"
import { raceToBootstrap } from "./server/bootstrapRace.js"
import { signingSecret, startWithClaimedName } from "./server/claimedName.js"
import { makeFolder } from "./server/folder.js"
import { adminKeyIn, type ServerOptions, spawnServer } from "./server/startServer.js"

const timeout = 60_000
const anyKey = /myapp_[0-9A-Za-z]{49}/
const script = (source: string) => ["--import", `data:text/javascript,${encodeURIComponent(source)}`]
const terminal = script("process.stdout.isTTY = true")

/** Starts a server, looks at it, and stops it. */
const started = async (options: ServerOptions) => {
  const server = spawnServer(options)
  const address = await server.listening
  const accepts = async (key: string) => (await makeApi(address, key)("GET", "/v1/organizations")).status === 200
  const stop = async () => {
    server.kill("SIGTERM")
    expect(await server.exited).toBe(0)
  }
  return { output: server.output, accepts, stop }
}

/** Starts a server that is to end at once, and returns what it says. */
const refusal = async (options: ServerOptions) => {
  const server = spawnServer(options)
  expect(await server.exited).toBe(1)
  return server.output()
}

const mode = (path: string) => statSync(path).mode & 0o777

describe("without any configuration", { timeout }, () => {
  it("makes a secret and an admin key, for the owner's eyes alone, and finds both on the next start", async () => {
    const folder = makeFolder()
    const first = await started({ folder })
    const key = adminKeyIn(folder)
    expect(await first.accepts(key)).toBe(true)
    const files = readdirSync(folder)
    expect(files).toEqual(expect.arrayContaining(["apikeys.db", "apikeys.db-wal", "apikeys.db.secret"]))
    for (const file of files) expect(mode(join(folder, file)), file).toBe(0o600)
    expect(first.output()).not.toContain("may read")
    await first.stop()
    const secret = readFileSync(join(folder, "apikeys.db.secret"), "utf8").trim()
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    expect(first.output()).toContain("Made a signing secret in apikeys.db.secret")
    expect(first.output()).not.toMatch(anyKey)

    const second = await started({ folder })
    expect(await second.accepts(key)).toBe(true)
    await second.stop()
    expect(second.output()).not.toMatch(/first admin key|signing secret/)
    for (const output of [first.output(), second.output()]) expect(output).not.toContain(secret)
  })

  it("shows the key on no terminal, which may be logged, but writes it to its file", async () => {
    const folder = makeFolder()
    const first = await started({ folder, nodeArgs: terminal })
    expect(await first.accepts(adminKeyIn(folder))).toBe(true)
    await first.stop()
    expect(first.output()).not.toMatch(anyKey)
    expect(first.output()).toContain("The first admin key is in apikeys-admin.key")
  })

  it("says how to get another key where the file is lost, and how to close a database that others may read", async () => {
    const folder = makeFolder()
    await (await started({ folder })).stop()
    rmSync(join(folder, "apikeys-admin.key"))
    chmodSync(join(folder, "apikeys.db"), 0o644)
    const second = await started({ folder })
    await second.stop()
    expect(second.output()).toMatch(
      /apikeys-admin\.key is not there: .* newAdminKey\.js, beside main\.js .* prints another/
    )
    expect(second.output()).toContain("Other users of this machine may read apikeys.db: chmod 600")
    expect(second.output()).not.toMatch(anyKey)
  })

  it("starts where an operator took the idempotency key of the first admin key, and creates no other", async () => {
    const folder = makeFolder()
    const server = spawnServer({ folder })
    const api = makeApi(await server.listening, adminKeyIn(folder))
    const { organizationId, productId } = await operatorsOf(api)
    const another = await api("POST", "/v1/keys", { body: { organizationId, productId, scopes: ["*"] } })
    const [first] = (await api("GET", "/v1/keys")).body.items.slice(-1)
    const key = another.body.plaintext
    expect((await api("DELETE", `/v1/keys/${first.id}`, { key })).status).toBe(204)
    const body = { organizationId, productId, scopes: [], idempotencyKey: "first-admin-key" }
    expect((await api("POST", "/v1/keys", { key, body })).status).toBe(201)
    server.kill("SIGTERM")
    expect(await server.exited).toBe(0)
    rmSync(join(folder, "apikeys-admin.key"))
    const second = await started({ folder })
    expect(await second.accepts(key)).toBe(true)
    await second.stop()
    expect(second.output()).toContain("apikeys-admin.key is not there")
  })

  it("three at once make one key, which is told once", async () => {
    const folder = makeFolder()
    await raceToBootstrap([folder, folder, folder], {})
  })

  it("makes no new secret for a database that has keys", async () => {
    const folder = makeFolder()
    await (await started({ folder })).stop()
    rmSync(join(folder, "apikeys.db.secret"))
    expect(await refusal({ folder })).toContain(
      "its signing secret, apikeys.db.secret, is not: set APIKEYS_SIGNING_SECRET"
    )
  })
})

describe("APIKEYS_ADMIN_KEY_FILE", { timeout }, () => {
  it("receives the first key, also where there is a terminal, and gives it on later starts", async () => {
    const folder = makeFolder()
    const env = { APIKEYS_ADMIN_KEY_FILE: join(folder, "operator.key") }
    const first = await started({ folder, env, nodeArgs: terminal })
    const key = readFileSync(env.APIKEYS_ADMIN_KEY_FILE, "utf8").trim()
    expect(mode(env.APIKEYS_ADMIN_KEY_FILE)).toBe(0o600)
    expect(await first.accepts(key)).toBe(true)
    await first.stop()
    expect(first.output()).not.toMatch(anyKey)
    const second = await started({ folder, env })
    expect(await second.accepts(key)).toBe(true)
    await second.stop()
  })

  it("that holds no admin key of the database is an error, which does not repeat it", async () => {
    const folder = makeFolder()
    const env = { APIKEYS_ADMIN_KEY_FILE: join(folder, "operator.key") }
    writeFileSync(env.APIKEYS_ADMIN_KEY_FILE, "hunter2")
    const output = await refusal({ folder, env })
    expect(output).toContain("holds no admin key of this database (invalid_key)")
    expect(output).toContain("newAdminKey.js")
    expect(output).not.toContain("hunter2")
  })

  it("that cannot be written leaves no key behind that nobody knows", async () => {
    const folder = makeFolder()
    expect(await refusal({ folder, env: { APIKEYS_ADMIN_KEY_FILE: join(folder, "no/such/folder") } })).toContain(
      "ENOENT"
    )
    const next = await started({ folder })
    expect(await next.accepts(adminKeyIn(folder))).toBe(true)
    await next.stop()
  })
})

describe("a start", { timeout }, () => {
  it("takes no other holder of the reserved name for the operators, but one that it is to adopt", async () => {
    const folder = makeFolder()
    const store = SqliteStore.layer({ filename: join(folder, "apikeys.db") })
    await startWithClaimedName(folder, store, { APIKEYS_SIGNING_SECRET: signingSecret })
  })

  it("loads no driver but its own", async () => {
    const foreign = "/^(pg|mysql2|@effect\\/sql-(pg|mysql2)|@apikeys\\/store-(pg|mysql))(\\/|$)/"
    const hook = `export const resolve = (specifier, context, next) => {
      if (${foreign}.test(specifier)) throw new Error("loads " + specifier)
      return next(specifier, context)
    }`
    const nodeArgs = script(
      `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hook)}")`
    )
    await (await started({ folder: makeFolder(), nodeArgs })).stop()
    const env = { DATABASE_URL: "postgres://127.0.0.1:1/none", APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(2) }
    expect(await refusal({ folder: makeFolder(), nodeArgs, env })).toContain("loads @apikeys/store-pg")
  })

  it.each([
    [{ DATABASE_URL: "postgres://user:hunter2@127.0.0.1:1/none" }, "DATABASE_URL needs a signing secret"],
    [
      { DATABASE_URL: "mongodb://user:hunter2@127.0.0.1/none", APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(2) },
      "DATABASE_URL does not begin with postgres://, mysql:// or mariadb://"
    ],
    [
      {
        DATABASE_URL: "postgres://user:hunter2@127.0.0.1:1/none",
        APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(2)
      },
      "The store could not answer"
    ],
    [{ PORT: "70000" }, "PORT is not a whole number from 0 to 65535"],
    [{ APIKEYS_STORE_TIMEOUT: "0" }, "APIKEYS_STORE_TIMEOUT is not a whole number from 1 to 60"],
    [{ APIKEYS_SIGNING_SECRET: "hunter2" }, "signingSecret is not a text of at least 32 characters"],
    [{ APIKEYS_KEY_PREFIX: "no prefix" }, "keyPrefix is not 1 to 32 of a-z 0-9 _"]
  ])("with %o says what is wrong, and no secret", async (env, words) => {
    const output = await refusal({ folder: makeFolder(), env })
    expect(output).toContain(words)
    expect(output).not.toMatch(/hunter2|at .*\.js:\d+/)
  })

  it("that lost every admin key is given another by newAdminKey", async () => {
    const folder = makeFolder()
    const server = await started({ folder })
    const main = fileURLToPath(new URL("../dist/newAdminKey.js", import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [main], { cwd: folder, env: {} })
    expect(stdout.trim()).not.toBe(adminKeyIn(folder))
    expect(await server.accepts(stdout.trim())).toBe(true)
    await server.stop()
  })
})
