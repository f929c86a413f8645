import { describe, expect, it } from "vitest"
import { readDatabaseUrl } from "../src/databaseUrl.js"
import { readOptions, UsageError } from "../src/options.js"

const env = { APIKEYS_SIGNING_SECRET: "secret" }
const places = ["--from", "old.db", "--to", "new.db"]

describe("readDatabaseUrl", () => {
  it.each([
    ["keys.db", { kind: "sqlite", filename: "keys.db" }],
    ["sqlite:///keys.db", { kind: "sqlite", filename: "keys.db" }],
    ["sqlite+aiosqlite:////var/keys.db?timeout=5", { kind: "sqlite", filename: "/var/keys.db" }],
    ["postgresql+psycopg2://u:p%40@h:5432/d", { kind: "pg", url: "postgres://u:p%40@h:5432/d" }],
    ["postgres://h/d?sslmode=require", { kind: "pg", url: "postgres://h/d?sslmode=require" }],
    ["mysql+pymysql://u@h/d", { kind: "mysql", url: "mysql://u@h/d" }],
    ["mariadb://u@h/d", { kind: "mysql", url: "mysql://u@h/d" }]
  ])("takes %s", (text, place) => {
    expect(readDatabaseUrl(text)).toEqual(place)
  })

  it.each(["oracle://u:hidden@h", "constructor://u:hidden@h"])("refuses %s without saying it", (text) => {
    expect(() => readDatabaseUrl(text)).toThrow(/^A database is a file, or a URL/)
  })
})

describe("readOptions", () => {
  it("takes what the environment says, and the rest as it is by default", () => {
    const from = { FROM_DATABASE: "old.db", TO_DATABASE: "postgres://h/d", ...env }
    expect(readOptions([], from)).toEqual({
      from: { kind: "sqlite", filename: "old.db" },
      to: { kind: "pg", url: "postgres://h/d" },
      signingSecret: "secret",
      oldSigningSecret: "secret",
      prefixes: ["sk"],
      environments: [null],
      digests: "auto",
      upgradedAt: null,
      wildcards: "refuse",
      invalidScopes: "refuse",
      zeroLimits: "refuse",
      largeNumbers: "refuse",
      links: "keep"
    })
  })

  it("takes every option", () => {
    const all = [
      ...["--prefix", "acme", "--environment", "test", "--digests", "sha256", "--upgraded-at", "2024-05-01T12:00Z"],
      ...["--wildcards", "grant", "--invalid-scopes", "drop", "--zero-limits", "unlimited"],
      ...["--large-numbers", "text", "--links", "add", "--environment", "", "--prefix", "sk"]
    ]
    expect(readOptions([...places, ...all], env)).toMatchObject({
      prefixes: ["acme", "sk"],
      environments: ["test", null],
      digests: "sha256",
      upgradedAt: new Date("2024-05-01T12:00:00Z"),
      wildcards: "grant",
      invalidScopes: "drop",
      zeroLimits: "unlimited",
      largeNumbers: "text",
      links: "add"
    })
  })

  it.each([
    [["--to", "new.db"], "--from is missing"],
    [["--from", "old.db"], "--to is missing"],
    [[...places, "--digests", "md5"], "--digests is one of auto, hmac, sha256"],
    [[...places, "--wildcards", "allow"], "--wildcards is one of refuse, grant"],
    [[...places, "--invalid-scopes", "keep"], "--invalid-scopes is one of refuse, drop"],
    [[...places, "--zero-limits", "1"], "--zero-limits is one of refuse, unlimited"],
    [[...places, "--large-numbers", "round"], "--large-numbers is one of refuse, text"],
    [[...places, "--links", "all"], "--links is one of keep, add"],
    [[...places, "--prefix", "SK"], "prefix is not that of a key"],
    [[...places, "--environment", "Live"], "environment is not that of a key"],
    [[...places, "--upgraded-at", "May"], "--upgraded-at is not a date such as 2024-05-01T12:00Z"],
    [[...places, "--dry-run"], "Unknown option '--dry-run'"]
  ])("refuses %j", (args, words) => {
    expect(() => readOptions(args, env)).toThrow(UsageError)
    expect(() => readOptions(args, env)).toThrow(words)
  })

  it("takes the old signing secret where it is another one", () => {
    const secrets = { signingSecret: "secret", oldSigningSecret: "short" }
    expect(readOptions(places, { ...env, OLD_SIGNING_SECRET: "short" })).toMatchObject(secrets)
  })

  it("needs the signing secret, and no empty old one", () => {
    expect(() => readOptions(places, {})).toThrow("$APIKEYS_SIGNING_SECRET is missing")
    expect(() => readOptions(places, { ...env, OLD_SIGNING_SECRET: "" })).toThrow("$OLD_SIGNING_SECRET is missing")
  })
})
