import { existsSync } from "node:fs"
import { StoreError } from "@apikeys/core"
import { type MigrateCommand, SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { openDatabase } from "./SqliteDatabase.js"
import { makeSettings } from "./SqliteSettings.js"
import { migrate, migrations } from "./SqliteStore.js"

const timeout = 10_000

const empty = new StoreError({
  operation: "open",
  retryable: false,
  reason: `schema is at 0, this version needs ${migrations.length}: run migrate`
})

/** `npx @apikeys/store-sqlite migrate`. */
export const sqliteMigrateCommand: MigrateCommand = {
  program: "npx @apikeys/store-sqlite",
  variables: ["APIKEYS_SQLITE_FILENAME"],
  options: {},
  migrate: (filename) => migrate({ filename, timeout }),
  // Opening would make the file, and a check only looks.
  check: (filename) =>
    existsSync(filename)
      ? makeSettings({ filename, timeout }).pipe(
          Effect.flatMap(openDatabase),
          Effect.flatMap((database) => SchemaVersion.check(database, timeout)),
          Effect.scoped
        )
      : empty
}
