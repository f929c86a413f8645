import { insertKey, insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { selectedServices, testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { MysqlStore } from "../src/index.js"

for (const { service, title } of selectedServices("mysql", "mariadb")) {
  const { name, url } = await testDatabase(service)
  const query = (statement: string) => Effect.promise(() => withConnection(url, (run) => run(statement)))

  const account = (user: string) => {
    const own = new URL(url)
    own.username = `${user}_${name.slice(-12)}`
    own.password = encodeURIComponent("a password")
    return { own: own.href, sql: `${own.username}@'%'` }
  }

  const withAccount = (user: string, rights: string) =>
    Effect.gen(function* () {
      const { own, sql } = account(user)
      yield* query(`create user ${sql} identified by 'a password'`)
      yield* Effect.addFinalizer(() => query(`drop user ${sql}`))
      yield* query(`grant ${rights} on ${name}.* to ${sql}`)
      return own
    })

  describe(`users of ${title}`, () => {
    it.scopedLive("who migrate need a few rights, and who serve no more than to read and write rows", () =>
      Effect.gen(function* () {
        const rows = "select, insert, update, delete"
        const serving = yield* withAccount("app", rows)
        const migrating = yield* withAccount("ddl", `${rows}, create, alter, index, references`)
        const refused = yield* Effect.flip(MysqlStore.migrate({ url: serving, timeout: "20 seconds" }))
        assert.match("reason" in refused ? refused.reason : "", /^mysql ER_TABLEACCESS_DENIED_ERROR /)
        yield* MysqlStore.migrate({ url: migrating, timeout: "20 seconds" })
        for (const migrate of [true, false]) {
          yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id)).pipe(
            Effect.provide(MysqlStore.layer({ url: serving, migrate, timeout: "20 seconds" }))
          )
        }
      })
    )
  })
}
