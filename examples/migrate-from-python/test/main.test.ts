import { execFile } from "node:child_process"
import { createHmac } from "node:crypto"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { openClient } from "./migrationSuite.js"
import { makeOldFile } from "./oldDatabase/OldDatabase.js"
import { ids, keys, signingSecret, tables } from "./oldDatabase/rows.js"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "apikeys-migrate-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const options = { env: { PATH: process.env["PATH"], APIKEYS_SIGNING_SECRET: signingSecret, ...env } }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr })
    })
  })

/** More than a page and a batch of them, whose ids are not in the order of their making. */
const many = 2500
const hexOf = (n: number) => createHmac("sha256", "ids").update(String(n)).digest("hex")
const plaintextOf = (n: number) => `sk_live_${createHmac("sha256", "secrets").update(String(n)).digest("base64url")}`
const manyKeys = Array.from({ length: many }, (_, n) => {
  const hex = hexOf(n)
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  return {
    ...keys.plain.row,
    id,
    key_hash: createHmac("sha256", signingSecret).update(plaintextOf(n)).digest("hex"),
    use_count: n
  }
})

describe("main.js", { timeout: 120_000 }, () => {
  const form = ["--prefix", "sk", "--environment", "live"]

  it("ends with 0 where everything is there, page by page", async () => {
    const [from, to] = [join(folder, "many.db"), join(folder, "manyNew.db")]
    makeOldFile(from, { ...tables, project_products: [], api_keys: manyKeys })
    const { code, stderr, stdout } = await run(["--from", from, "--to", to, ...form])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/2,500 of 2,500 keys, [\d,]+ a second\n$/)
    })
    expect(stdout).toContain("keys: 2,500 imported, 0 there already, 0 refused\n")

    const client = await openClient({ kind: "sqlite", filename: to })
    try {
      for (const n of [0, 999, 1000, 1001, 2047, 2048, many - 1]) {
        const { key } = await client.verifyKey(plaintextOf(n))
        expect(key).toMatchObject({ id: manyKeys[n]?.id, useCount: n + 1 })
      }
      let there = 0
      for await (const _ of client.allKeys({ organizationId: ids.acme, limit: 1000 })) there++
      expect(there).toBe(many)
    } finally {
      await client.close()
    }
    const again = await run(["--from", from, "--to", to, ...form])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing was changed.\n") })
  })

  it("ends with 3 where rows were refused", async () => {
    const from = join(folder, "old.db")
    makeOldFile(from, tables)
    const { code, stdout } = await run([...form, "--from", from, "--to", join(folder, "new.db")])
    expect(code).toBe(3)
    expect(stdout).toContain(`key ${keys.wildcard.id}: refused: scopes.0 is a wildcard here, see --wildcards\n`)
    for (const { plaintext } of Object.values(keys)) expect(stdout).not.toContain(plaintext.slice(-12))
  })

  it("takes over keys of an old secret that is another one, and short", async () => {
    const [from, to] = [join(folder, "shortSecret.db"), join(folder, "longSecret.db")]
    const old = "short"
    const key_hash = createHmac("sha256", old).update(plaintextOf(1)).digest("hex")
    makeOldFile(from, { ...tables, project_products: [], api_keys: [{ ...keys.plain.row, key_hash }] })
    const { code, stdout } = await run(["--from", from, "--to", to, ...form], { OLD_SIGNING_SECRET: old })
    expect(code).toBe(0)
    expect(stdout).toContain("and the old secret in previousSigningSecrets: the keys that are there verify")
    // Found by the old secret once, and by the new one alone ever after.
    const place = { kind: "sqlite", filename: to } as const
    for (const previousSigningSecrets of [[old], []]) {
      const client = await openClient(place, previousSigningSecrets)
      expect((await client.verifyKey(plaintextOf(1))).key.id).toBe(keys.plain.id)
      await client.close()
    }
  })

  it("ends with 2 and says how it is called where it is called wrongly", async () => {
    const { code, stderr, stdout } = await run(["--from", "old.db"])
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(/^--to is missing\n\nUsage: node dist\/main\.js/)
  })

  it("says how it is called where it is asked", async () => {
    const { code, stderr, stdout } = await run(["--help"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toMatch(/^Usage: node dist\/main\.js/)
  })

  it("ends with 1 where there is no old database, and makes neither", async () => {
    const [from, to] = [join(folder, "missing.db"), join(folder, "never.db")]
    const { code, stderr } = await run(["--from", from, "--to", to])
    expect({ code, stderr }).toEqual({ code: 1, stderr: "The old database cannot be read: SQLITE_CANTOPEN\n" })
    expect(existsSync(from) || existsSync(to)).toBe(false)
  })

  it("ends with 1 where a server is not there, and prints no password", async () => {
    const url = "postgresql://user:hidden@127.0.0.1:1/db"
    const from = join(folder, "some.db")
    makeOldFile(from, tables)
    for (const args of [
      ["--from", url, "--to", join(folder, "never.db")],
      ["--from", from, "--to", url]
    ]) {
      const { code, stderr, stdout } = await run(args)
      expect(code).toBe(1)
      expect(stderr + stdout).not.toContain("hidden")
    }
  })

  it("ends with 1 where the signing secret is too short, and says so", async () => {
    const from = join(folder, "short.db")
    makeOldFile(from, tables)
    const { code, stderr } = await run(["--from", from, "--to", join(folder, "x.db")], {
      APIKEYS_SIGNING_SECRET: "short"
    })
    expect(code).toBe(1)
    expect(stderr).toContain("signingSecret")
    expect(stderr).not.toContain("short\n")
  })
})
