import { MysqlClient } from "@effect/sql-mysql2"
import { Layer } from "effect"
import { holdConnection, selectedServices, withConnection } from "../../../scripts/services/testing.js"
import { heldTableSuite } from "../../store-sql/test/suites/heldTableSuite.js"
import { standingSuite } from "../../store-sql/test/suites/standingSuite.js"
import { MysqlStore } from "../src/index.js"
import { addressOf } from "./address.js"
import { makeBackend } from "./backend.js"

/** Of the tests, which have no name by which to tell them. */
const others = 2

for (const selected of selectedServices("mysql", "mariadb")) {
  const backend = makeBackend(selected)
  heldTableSuite({
    ...backend,
    hold: (url, tables) => holdConnection(url, `lock tables ${tables.map((table) => `${table} write`).join(", ")}`),
    connections: async (url) => {
      const processes = await withConnection(url, (query) => query("show processlist"))
      return processes.filter(({ db }) => `/${db}` === new URL(url).pathname).length - others
    },
    layerOverClient: (url, { maxConnections, timeout }) =>
      Layer.provide(
        MysqlStore.layerFromClient({ timeout }),
        MysqlClient.layer({
          ...addressOf(url),
          maxConnections,
          poolConfig: { timezone: "Z", maxIdle: maxConnections }
        })
      )
  })
  standingSuite(backend)
}
