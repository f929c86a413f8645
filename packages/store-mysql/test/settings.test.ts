import { InvalidInputError, StoreHealth } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Redacted } from "effect"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"
import { makeSettings } from "../src/MysqlSettings.js"
import { parseUrl } from "../src/MysqlUrl.js"

// One of those that the run tests: a file without any is left out.
const [{ service } = { service: "mysql" as const }] = selectedServices("mysql", "mariadb")
const database = await testDatabase(service)

const url = "mysql://app:secret@db.example/keys"

const issuesOf = (options: object) =>
  Effect.map(Effect.flip(makeSettings(options)), ({ issues }) => issues.map(({ path, rule }) => `${path} ${rule}`))

describe("options", () => {
  const refused: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
    [{}, ["url is required, unless host is given"]],
    [{ host: "db.example" }, ["database is required"]],
    [{ url: 7 }, ["url is not a URL"]],
    [{ url: "postgres://db.example/keys" }, ["url does not begin with mysql:// or mariadb://"]],
    [
      { url, host: "db.example", password: "x" },
      [
        "host cannot be given beside url, which says it already",
        "password cannot be given beside url, which says it already"
      ]
    ],
    [{ url, port: 0 }, ["port is not a port", "port cannot be given beside url, which says it already"]],
    [{ url, timeout: 0 }, ["timeout is not a duration from 1 millisecond to 1 hour"]],
    [{ url, timeout: "soon" }, ["timeout is not a duration from 1 millisecond to 1 hour"]],
    [{ url, migrate: "no" }, ["migrate is not true or false"]],
    [{ url, time: "server" }, ["time is not store or clock"]],
    [{ url, ssl: "yes" }, ["ssl is not true, false or the options of a TLS connection"]],
    [{ url, pool: 5 }, ["pool is not an object"]],
    [{ url, pool: new Map() }, ["pool is not a plain object"]],
    [{ url, ["s".repeat(41)]: 1 }, ["… is not a known field"]],
    [Promise.resolve({ url }), [" is not a plain object"]],
    [
      { url, pool: { max: 0, size: 3 } },
      ["pool.max is not a whole number from 1 to 10000", "pool.size is not a known field"]
    ],
    [{ url, schema: "keys" }, ["schema is not a known field"]]
  ]
  for (const [options, issues] of refused) {
    it.effect(`that break a rule are refused by path, and never told: ${issues.join("; ")}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* issuesOf(options), issues)
      })
    )
  }

  it.effect("that are no object at all are refused", () =>
    Effect.gen(function* () {
      // @ts-expect-error: as somebody without types may write it
      const error = yield* Effect.flip(makeSettings(url))
      assert.deepStrictEqual(error.issues, [{ path: "", rule: "is not an object" }])
    })
  )

  it.effect("have defaults, and hide the password", () =>
    Effect.gen(function* () {
      const settings = yield* makeSettings({ url: Redacted.make(url) })
      assert.deepInclude(settings, { timeout: 2000, migrate: true, time: "store", maxConnections: 10 })
      assert.notInclude(JSON.stringify(settings), "secret")
      assert.deepInclude(Redacted.value(settings.address), { host: "db.example", port: 3306, password: "secret" })
    })
  )
})

describe("a URL", () => {
  const read: ReadonlyArray<readonly [string, object]> = [
    ["mysql://db.example/keys", { host: "db.example", port: 3306, database: "keys", username: undefined }],
    ["mariadb://a%40b:p%2Fw@db.example:3307/k%20s", { port: 3307, database: "k s", username: "a@b", password: "p/w" }],
    ["mysql://[::1]/keys", { host: "::1" }],
    [`${url}?ssl-mode=disabled`, { ssl: undefined }],
    [`${url}?ssl-mode=REQUIRED`, { ssl: { rejectUnauthorized: false } }],
    [`${url}?ssl-mode=VERIFY_CA`, { ssl: { rejectUnauthorized: true, verifyIdentity: false } }],
    [`${url}?ssl-mode=VERIFY_IDENTITY`, { ssl: { rejectUnauthorized: true, verifyIdentity: true } }]
  ]
  for (const [written, expected] of read) {
    it(`is read: ${written}`, () => {
      const address = parseUrl(written)
      assert.isObject(address)
      assert.deepInclude(address as object, expected)
    })
  }

  const refused: ReadonlyArray<readonly [string, string]> = [
    ["db.example/keys", "is not a URL"],
    ["mysql:///keys", "names no host"],
    ["mysql://db.example", "names no database"],
    ["mysql://db.example/keys/more", "names no database"],
    [`${url}?ssl-mode=PREFERRED`, "has an ssl-mode other than DISABLED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY"],
    [`${url}?timezone=local`, "has parameters other than ssl-mode: give them as options"]
  ]
  for (const [written, rule] of refused) {
    it(`is refused: ${written}, which ${rule}`, () => assert.strictEqual(parseUrl(written), rule))
  }
})

describe("options from Config", () => {
  const ping = Effect.flatMap(StoreHealth, (health) => health.ping)
  const withVariables = (variables: ReadonlyArray<readonly [string, string]>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(variables)))

  it.live("that are missing are named", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(ping, MysqlStore.layerConfig())).pipe(withVariables([]))
      assert.instanceOf(error, InvalidInputError)
      assert.deepStrictEqual(error.issues, [{ path: "APIKEYS_MYSQL_URL", rule: "is required" }])
    })
  )

  it.live("that cannot be read are named, without what they hold", () =>
    Effect.gen(function* () {
      const options = { url: Config.redacted("URL"), timeout: Config.duration("TIMEOUT") }
      const error = yield* Effect.flip(Effect.provide(ping, MysqlStore.layerConfig(options))).pipe(
        withVariables([
          ["URL", url],
          ["TIMEOUT", "soon-secret"]
        ])
      )
      assert.instanceOf(error, InvalidInputError)
      assert.deepStrictEqual(error.issues, [{ path: "TIMEOUT", rule: "cannot be read" }])
    })
  )

  it.live("open a store", () =>
    Effect.provide(ping, MysqlStore.layerConfig()).pipe(withVariables([["APIKEYS_MYSQL_URL", database.url]]))
  )
})
