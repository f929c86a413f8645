import { guarded, type MigrateCommand, SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { openDatabase } from "./MysqlDatabase.js"
import { checkSession } from "./MysqlSession.js"
import { makeSettings } from "./MysqlSettings.js"
import { migrate } from "./MysqlStore.js"

/** Patient with a server that has just been started along with it. */
const timeout = 10_000

/** `npx @apikeys/store-mysql migrate`. */
export const mysqlMigrateCommand: MigrateCommand = {
  program: "npx @apikeys/store-mysql",
  variables: ["APIKEYS_MYSQL_URL", "DATABASE_URL"],
  options: {},
  migrate: (url) => migrate({ url, timeout }),
  check: (url) =>
    makeSettings({ url, timeout }).pipe(
      Effect.flatMap(openDatabase),
      Effect.tap((database) => guarded(database, timeout, "open", database.read(checkSession))),
      Effect.flatMap((database) => SchemaVersion.check(database, timeout)),
      Effect.scoped
    )
}
