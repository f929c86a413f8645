import { insertKey, insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"
import { openStore } from "./openStore.js"

const { name, url } = await testDatabase("pg")
const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

const role = `app_${name}`

describe("who serves", () => {
  it.scopedLive("needs no more than to read and write rows, with `migrate: true` too", () =>
    Effect.gen(function* () {
      yield* PgStore.migrate({ url, timeout: "20 seconds" })
      yield* query(`create role ${role} login password 'a password'; grant usage on schema public to ${role};
grant select, insert, update, delete on all tables in schema public to ${role}`)
      yield* Effect.addFinalizer(() => query(`drop owned by ${role}; drop role ${role}`))
      const own = new URL(url)
      own.username = role
      own.password = encodeURIComponent("a password")
      for (const migrate of [true, false]) {
        yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)).pipe(
          Effect.provide(PgStore.layer({ url: own.href, migrate, timeout: "20 seconds" }))
        )
      }
      const [row] = yield* query(`select has_schema_privilege('${role}', 'public', 'create') as creates`)
      assert.deepStrictEqual(row, { creates: false })
    })
  )
})

describe("a connection", () => {
  it.scopedLive("is left as it was, so that a pooler may lend it to somebody else", () =>
    Effect.gen(function* () {
      const { database, ports } = yield* openStore({ url, timeout: 20_000, pool: { max: 1 } })
      const settings = database.read((connection) =>
        connection.executeUnprepared(
          `select name, setting from pg_settings where source = 'session' order by name`,
          [],
          undefined
        )
      )
      const before = yield* settings
      yield* Effect.provide(
        Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)),
        ports
      )
      assert.deepStrictEqual(yield* settings, before)
      const held = yield* database.read((connection) =>
        connection.executeUnprepared(
          "select count(*)::int as n from (select name from pg_prepared_statements union all select locktype from pg_locks where locktype = 'advisory') held",
          [],
          undefined
        )
      )
      assert.deepStrictEqual(held, [{ n: 0 }])
    })
  )
})
