import { existsSync } from "node:fs"
import { runMigrateCommand } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { commandSuite } from "../../store-sql/test/suites/commandSuite.js"
import { openingSuite } from "../../store-sql/test/suites/openingSuite.js"
import { upgradeSuite } from "../../store-sql/test/suites/upgradeSuite.js"
import { sqliteMigrateCommand } from "../src/SqliteMigrateCommand.js"
import { backend } from "./backend.js"
import { tempFile } from "./tempDatabase.js"

upgradeSuite(backend)
openingSuite(backend)
commandSuite(backend)

describe("`migrate --check`", () => {
  it.scopedLive("makes no file", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const { exitCode } = yield* Effect.promise(() =>
        runMigrateCommand(sqliteMigrateCommand, ["migrate", "--check"], { APIKEYS_SQLITE_FILENAME: filename })
      )
      assert.strictEqual(exitCode, 1)
      assert.isFalse(existsSync(filename))
    })
  )
})
