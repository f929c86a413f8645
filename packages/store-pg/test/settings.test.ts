import { InvalidInputError, StoreHealth } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Redacted } from "effect"
import { testDatabase } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"
import { makeClientSettings, makeSettings } from "../src/PgSettings.js"

const database = await testDatabase("pg")

const url = "postgres://app:secret@db.example/keys"

const issuesOf = (options: object) =>
  Effect.map(Effect.flip(makeSettings(options)), ({ issues }) => issues.map(({ path, rule }) => `${path} ${rule}`))

const beside = "cannot be given beside url, which says it already"

const schemaRule = "schema is not 1 to 63 of a-z 0-9 _, beginning with neither a digit nor pg_"

describe("options", () => {
  const refused: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
    [{ url, pool: new Map() }, ["pool is not a plain object"]],
    [{ url, ["s".repeat(41)]: 1 }, ["… is not a known field"]],
    [Promise.resolve({ url }), [" is not a plain object"]],
    [{}, ["url is required, unless host is given"]],
    [{ url: "mysql://db.example/keys" }, ["url is not a URL that begins with postgres:// or postgresql://"]],
    [{ url, host: "db.example", password: "x" }, [`host ${beside}`, `password ${beside}`]],
    [{ host: "db.example", port: 65_536 }, ["port is not a port"]],
    [{ url, timeout: "2 hours" }, ["timeout is not a duration from 1 millisecond to 1 hour"]],
    [{ url, migrate: 1 }, ["migrate is not true or false"]],
    [{ url, time: "server" }, ["time is not store or clock"]],
    [{ url, ssl: "yes" }, ["ssl is not true, false or the options of a TLS connection"]],
    [{ url, schema: 'a"; drop table x' }, [schemaRule]],
    [{ url, schema: "pg_keys" }, [schemaRule]],
    [{ url, schema: "k".repeat(64) }, [schemaRule]],
    [
      { url, pool: { max: 0, min: -1, idleTimeout: "never", size: 3 } },
      [
        "pool.max is not a whole number from 1 to 10000",
        "pool.min is not a whole number from 0 to 10000",
        "pool.idleTimeout is not a duration of 1 millisecond or more",
        "pool.size is not a known field"
      ]
    ]
  ]
  for (const [options, issues] of refused) {
    it.effect(`that break a rule are refused by path, and never told: ${issues.join("; ")}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* issuesOf(options), issues)
      })
    )
  }

  it.effect("of a store over a client of the application have the same rules", () =>
    Effect.gen(function* () {
      const { issues } = yield* Effect.flip(makeClientSettings({ schema: "1st", timeout: 0 }))
      assert.deepStrictEqual(
        issues.map(({ path }) => path),
        ["schema", "timeout"]
      )
    })
  )

  it.effect("have defaults, and hide the password", () =>
    Effect.gen(function* () {
      const settings = yield* makeSettings({ url })
      assert.deepInclude(settings, { timeout: 2000, migrate: true, time: "store", schema: null })
      assert.notInclude(JSON.stringify(settings), "secret")
      const { connection } = settings
      assert.strictEqual(connection.url && Redacted.value(connection.url), url)
    })
  )
})

describe("options from Config", () => {
  const ping = Effect.flatMap(StoreHealth, (health) => health.ping)
  const withVariables = (variables: ReadonlyArray<readonly [string, string]>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(variables)))

  it.live("that are missing are named", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(ping, PgStore.layerConfig())).pipe(withVariables([]))
      assert.instanceOf(error, InvalidInputError)
      assert.deepStrictEqual(error.issues, [{ path: "APIKEYS_PG_URL", rule: "is required" }])
    })
  )

  it.live("that cannot be read are named, without what they hold", () =>
    Effect.gen(function* () {
      const options = { url: Config.redacted("URL"), timeout: Config.duration("TIMEOUT") }
      const error = yield* Effect.flip(Effect.provide(ping, PgStore.layerConfig(options))).pipe(
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
    Effect.provide(ping, PgStore.layerConfig()).pipe(withVariables([["APIKEYS_PG_URL", database.url]]))
  )
})
