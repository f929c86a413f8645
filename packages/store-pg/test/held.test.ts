import { PgClient } from "@effect/sql-pg"
import { Layer, Redacted } from "effect"
import { holdConnection, withConnection } from "../../../scripts/services/testing.js"
import { heldTableSuite } from "../../store-sql/test/suites/heldTableSuite.js"
import { standingSuite } from "../../store-sql/test/suites/standingSuite.js"
import { PgStore } from "../src/index.js"
import { backend } from "./backend.js"

heldTableSuite({
  ...backend,
  hold: (url, tables) => holdConnection(url, `begin; lock table ${tables.join(", ")} in access exclusive mode`),
  // Those of the tests have no name.
  connections: async (url) => {
    const [row] = await withConnection(url, (query) =>
      query(`select count(*)::int as connections from pg_stat_activity
where datname = current_database() and application_name <> ''`)
    )
    return Number(row?.["connections"])
  },
  layerOverClient: (url, { maxConnections, timeout }) =>
    Layer.provide(PgStore.layerFromClient({ timeout }), PgClient.layer({ url: Redacted.make(url), maxConnections }))
})

standingSuite(backend)
