import { type MigrateCommand, SchemaVersion } from "@apikeys/store-sql"
import { Effect } from "effect"
import { openOwnDatabase } from "./PgOpening.js"
import { migrate } from "./PgStore.js"

/** Patient with a server that has just been started along with it. */
const timeout = 10_000

/** `npx @apikeys/store-pg migrate`. */
export const pgMigrateCommand: MigrateCommand = {
  program: "npx @apikeys/store-pg",
  variables: ["APIKEYS_PG_URL", "DATABASE_URL"],
  options: { schema: "NAME" },
  migrate: (url, { schema }) => migrate({ url, schema, timeout }),
  check: (url, { schema }) =>
    openOwnDatabase({ url, schema, timeout }).pipe(
      Effect.flatMap((database) => SchemaVersion.check(database, timeout)),
      Effect.scoped
    )
}
