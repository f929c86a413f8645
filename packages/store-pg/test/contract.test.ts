import { type RawReads, storeContract } from "@apikeys/core/testing"
import { Context, Effect, Layer } from "effect"
import { testDatabase, withConnection } from "../../../scripts/services/testing.js"
import { PgStore } from "../src/index.js"

const { url } = await testDatabase("pg")

class Schema extends Context.Tag("test/Schema")<Schema, string>() {}

const readTables = (schema: string) =>
  Effect.promise(() =>
    withConnection(url, async (query) => {
      const tables = await query(`select table_name from information_schema.tables where table_schema = '${schema}'`)
      return await Promise.all(
        tables.map(async ({ table_name: name }) => ({
          table: String(name),
          rows: await query(`select * from "${schema}"."${name}"`)
        }))
      )
    })
  )

const rawReads: RawReads<Schema> = { tables: Effect.flatMap(Schema, readTables) }

// Up to 500 calls come at once, on a machine that does something else as well.
const timeout = "30 seconds"

storeContract(
  "PostgreSQL",
  Layer.merge(PgStore.layer({ url, schema: "contract", timeout }), Layer.succeed(Schema, "contract")),
  { rawReads, clock: PgStore.layer({ url, time: "clock", timeout }) }
)
