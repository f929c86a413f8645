import { SqlStore } from "@apikeys/store-sql"
import { Effect } from "effect"
import { PgStore } from "../src/index.js"
import { openOwnDatabase } from "../src/PgOpening.js"

/** A store whose schema is there, with its database. */
export const openStore = (options: PgStore.PgStoreOptions & { readonly timeout: number }) =>
  Effect.gen(function* () {
    yield* PgStore.migrate({ url: options.url, schema: options.schema, timeout: "20 seconds" })
    const database = yield* openOwnDatabase(options)
    return { database, ports: SqlStore.make(database, { timeout: options.timeout, time: "store" }) }
  })
