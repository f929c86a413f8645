import { KeyChanges, KeyStore } from "@apikeys/core"
import { fixtureTime, insertKey, insertOrganization, instant } from "@apikeys/core/testing"
import { describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

const { name, url } = await testDatabase("pg")

/** As servers do whose cryptography is that of FIPS 140. */
const refuseMd5 = `create function public.md5(text) returns text language plpgsql as $$
begin raise exception 'could not compute MD5 hash: unsupported'; end $$;
alter database ${name} set search_path = public, pg_catalog`

describe("a server that refuses MD5", () => {
  it.scopedLive("serves, and tells of what is revoked", () =>
    Effect.gen(function* () {
      yield* Effect.promise(() => withConnection(url, (run) => run(refuseMd5)))
      yield* Effect.gen(function* () {
        const keys = yield* KeyStore
        const { follow } = yield* KeyChanges
        const { key } = yield* Effect.flatMap(insertOrganization(), ({ id }) => insertKey(id))
        const told = yield* Deferred.make<void>()
        yield* follow(({ changes }) => {
          if (changes.some((change) => change._tag === "Key" && change.id === key.id)) {
            Deferred.unsafeDone(told, Effect.void)
          }
        })
        yield* Effect.sleep("500 millis")
        yield* keys.revoke(key.id, { at: instant(fixtureTime), reason: null })
        yield* Effect.timeout(Deferred.await(told), "20 seconds")
      }).pipe(Effect.provide(PgStore.layer({ url, timeout: "20 seconds" })))
    })
  )
})
