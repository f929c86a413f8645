import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ApiKeyClient, pythonKeys } from "@apikeys/core"
import { afterAll, describe, expect, it } from "vitest"
import { headsOf } from "../src/heads.js"
import { migrate } from "../src/migrate.js"
import { storeOf } from "../src/store.js"
import { optionsOf } from "./migrationSuite.js"
import { hmacOf } from "./oldDatabase/digests.js"
import { makeOldFile } from "./oldDatabase/OldDatabase.js"
import { keys, signingSecret, tables } from "./oldDatabase/rows.js"
import { Recorder } from "./Recorder.js"

const secretOf = (n: number) => createHash("sha256").update(String(n)).digest("base64url")
/** The first characters of a number of keys with a head. */
const beginnings = (head: string, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, n) => `${head}${secretOf(n)}`.slice(0, 8))

const found = (named: Parameters<typeof headsOf>[0], ...groups: ReadonlyArray<ReadonlyArray<string>>) => {
  const heads = headsOf(named, groups.flat())
  return { heads, held: heads.held.map(({ environment, prefix }) => `${prefix}/${environment ?? ""}`).sort() }
}

describe("headsOf", () => {
  const sk = { prefixes: ["sk"], environments: [null] }

  it("finds each environment that keys have, named or not", () => {
    const { heads, held } = found(sk, beginnings("sk_live_", 5), beginnings("sk_test_", 1), beginnings("sk_dev_", 4))
    expect(held).toEqual(["sk/dev", "sk/live", "sk/test"])
    expect(["sk_live_", "sk_test_", "sk_dev_A"].map(heads.hintOf)).toEqual(["sk_live_…", "sk_test_…", "sk_dev_A…"])
  })

  it("lists what there is, and not what was named alone", () => {
    const named = { prefixes: ["sk", "pk"], environments: ["live", "test", null] }
    expect(found(named, beginnings("sk_live_", 3), beginnings("pk_", 3)).held).toEqual(["pk/", "sk/live"])
    expect(found(named, beginnings("sk_live_", 3), beginnings("sk_", 3)).held).toEqual(["sk/", "sk/live"])
  })

  it.each([50, 500, 5000, 50_000])("takes the secrets of %s keys for no environments", (count) => {
    expect(found(sk, beginnings("sk_", count)).held).toEqual(["sk/"])
    expect(found(sk, beginnings("sk_", count), beginnings("sk_live_", 3)).held).toEqual(["sk/", "sk/live"])
  })

  it("says of which keys it does not know the head", () => {
    const named = { prefixes: ["acme"], environments: ["live", null] }
    const { heads, held } = found(
      named,
      beginnings("acme_live_", 20),
      beginnings("acme_production_", 20),
      beginnings("other_", 3)
    )
    expect(held).toEqual(["acme/live"])
    expect(["acme_liv", "acme_pro", "other_AB", "acme_xY0"].map(heads.isHeld)).toEqual([true, false, false, true])
    expect(["acme_liv", "acme_pro", "other_AB"].map(heads.hintOf)).toEqual(["acme_live_…", "acme_pro…", "other_AB…"])
  })

  it("takes what was named where the prefix leaves no room", () => {
    const named = { prefixes: ["myplatform"], environments: ["live", "test"] }
    const { heads, held } = found(named, beginnings("myplatform_live_", 3))
    expect(held).toEqual(["myplatform/live", "myplatform/test"])
    expect(heads.hintOf("myplatfo")).toBe("myplatfo…")
  })

  it("takes what was named where the database has secrets alone, and no head into the hint where there are several", () => {
    const named = { prefixes: ["sk"], environments: ["live", "test"] }
    const { heads, held } = found(named, beginnings("", 100))
    expect({ held, areShown: heads.areShown }).toEqual({ held: ["sk/live", "sk/test"], areShown: false })
    expect(heads.hintOf("AbCdEfGh")).toBe("…AbCd…")
    expect(found({ prefixes: ["sk"], environments: ["live"] }, beginnings("", 100)).heads.hintOf("AbCdEfGh")).toBe(
      "sk_live_AbCd…"
    )
  })
})

describe("a database with several heads", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-heads-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("gets a form for each, and every key verifies that the report does not except", async () => {
    const heads = ["sk_live_", "sk_test_", "sk_", "pk_", "acme_live_"]
    const plaintexts = heads.map((head, n) => `${head}${secretOf(n + 7)}`)
    const api_keys = plaintexts.map((plaintext, n) => ({
      ...keys.plain.row,
      id: `5000000${n}-0000-4000-8000-000000000000`,
      key_prefix: plaintext.slice(0, 8),
      key_hash: hmacOf(plaintext, signingSecret)
    }))
    const from = { kind: "sqlite", filename: join(folder, "old.db") } as const
    const to = { kind: "sqlite", filename: join(folder, "new.db") } as const
    makeOldFile(from.filename, { ...tables, project_products: [], api_keys })
    const terminal = new Recorder()
    await migrate(optionsOf(from, to, { prefixes: ["sk", "pk"], environments: [null] }), terminal)

    const forms = [
      { prefix: "sk", environment: "live" },
      { prefix: "sk", environment: "test" },
      { prefix: "sk" },
      { prefix: "pk" }
    ]
    const last = terminal.lines.at(-2)
    for (const { environment, prefix } of forms) {
      const written = `prefix: "${prefix}"${environment === undefined ? "" : `, environment: "${environment}"`}`
      expect(last).toContain(`pythonKeys({ ${written} })`)
    }
    expect(last?.split("pythonKeys").length).toBe(5)
    expect(last).toContain("but for those that are revoked or expired, and 1 with another beginning.")
    expect(terminal.lines).toContain(
      "key 50000004-0000-4000-8000-000000000000: begins with acme_liv: no --prefix and --environment names that"
    )

    const client = await ApiKeyClient.open({
      store: await storeOf(to),
      signingSecret,
      keyPrefix: "myapp",
      acceptForeignKeys: forms.map(pythonKeys)
    })
    try {
      for (const [n, plaintext] of plaintexts.slice(0, 4).entries()) {
        const { key } = await client.verifyKey(plaintext)
        expect(plaintext.startsWith(key.hint.slice(0, -1))).toBe(true)
        expect(key.hint.startsWith(heads[n] ?? "")).toBe(true)
      }
    } finally {
      await client.close()
    }
  })
})
