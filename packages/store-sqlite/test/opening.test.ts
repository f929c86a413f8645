import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { InvalidInputError, StoreError, StoreHealth, type StoreLayer, TenantStore } from "@apikeys/core"
import { insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { SqliteStore } from "../src/index.js"
import { openRaw, tempFile, tempFolder } from "./tempDatabase.js"

const ping = Effect.flatMap(StoreHealth, (health) => health.ping)

/** Why a store does not open. */
const refusal = (store: StoreLayer) => ping.pipe(Effect.provide(store), Effect.flip)

describe("a path that is no database", () => {
  const cases = [
    [
      "in a directory that is missing",
      (folder: string) => join(folder, "missing", "a.db"),
      "its directory does not exist"
    ],
    ["that is a directory", (folder: string) => folder, "it is a directory"],
    [
      "of a file of another kind",
      (folder: string) => {
        const file = join(folder, "letter.txt")
        writeFileSync(file, "Dear database, ".repeat(1000))
        return file
      },
      "it is not a database"
    ]
  ] as const
  for (const [what, make, problem] of cases) {
    it.scopedLive(`${what} is an error that says so`, () =>
      Effect.gen(function* () {
        const error = yield* refusal(SqliteStore.layer({ filename: make(yield* tempFolder) }))
        assert.instanceOf(error, StoreError)
        assert.deepInclude(error, { operation: "open", retryable: false })
        assert.match((error as StoreError).reason, new RegExp(`^sqlite SQLITE_\\w+: ${problem}$`))
      })
    )
  }
})

describe("a file that another process has locked", () => {
  const lockWhole = (filename: string) =>
    Effect.tap(openRaw(filename), (raw) =>
      Effect.sync(() => {
        raw.pragma("locking_mode = EXCLUSIVE")
        raw.exec("create table if not exists other (a); begin exclusive; insert into other values (1)")
      })
    )

  it.scopedLive("is a retryable error once the deadline is over", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      yield* lockWhole(filename)
      const began = performance.now()
      const error = yield* refusal(SqliteStore.layer({ filename, timeout: 300 }))
      assert.deepInclude(error, {
        _tag: "StoreError",
        operation: "open",
        retryable: true,
        reason: "sqlite SQLITE_BUSY"
      })
      assert.isAtLeast(performance.now() - began, 300)
      assert.isBelow(performance.now() - began, 2000)
    })
  )

  it.scopedLive("opens as soon as it is free", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const locking = yield* Effect.fork(
        Effect.scoped(Effect.zipRight(lockWhole(filename), Effect.sleep("200 millis")))
      )
      yield* Effect.sleep("50 millis")
      yield* ping.pipe(Effect.provide(SqliteStore.layer({ filename, timeout: "10 seconds" })))
      yield* locking.await
    })
  )
})

describe("options", () => {
  const bad: ReadonlyArray<readonly [string, object, ReadonlyArray<{ readonly path: string; readonly rule: string }>]> =
    [
      ["no file", {}, [{ path: "filename", rule: "is required" }]],
      ["a blank file", { filename: "  " }, [{ path: "filename", rule: "is not the name of a file" }]],
      ["a file with NUL", { filename: "a\u0000b" }, [{ path: "filename", rule: "is not the name of a file" }]],
      ["no time", { timeout: 0 }, [{ path: "timeout", rule: "is not a duration from 1 millisecond to 1 hour" }]],
      [
        "endless time",
        { timeout: Infinity },
        [{ path: "timeout", rule: "is not a duration from 1 millisecond to 1 hour" }]
      ],
      [
        "a time in words",
        { timeout: "soon" },
        [{ path: "timeout", rule: "is not a duration from 1 millisecond to 1 hour" }]
      ],
      ["a word for a flag", { migrate: "no" }, [{ path: "migrate", rule: "is not true or false" }]],
      [
        "two that are unknown",
        { synchronous: "off", time: "mine" },
        [
          { path: "synchronous", rule: "is not normal or full" },
          { path: "time", rule: "is not store or clock" }
        ]
      ],
      ["a field that nobody knows", { fileName: "a.db" }, [{ path: "fileName", rule: "is not a known field" }]]
    ]
  for (const [what, options, issues] of bad) {
    it.scopedLive(`with ${what} are refused, and make no file`, () =>
      Effect.gen(function* () {
        const filename = yield* tempFile
        const given = "filename" in options || what === "no file" ? options : { filename, ...options }
        const error = yield* refusal(SqliteStore.layer(given as SqliteStore.SqliteStoreOptions))
        assert.instanceOf(error, InvalidInputError)
        assert.deepStrictEqual((error as InvalidInputError).issues, issues)
        assert.isFalse(existsSync(filename))
      })
    )
  }

  it.live("that are none at all are refused", () =>
    Effect.gen(function* () {
      for (const options of [undefined, null, "a.db"]) {
        const error = yield* refusal(SqliteStore.layer(options as never))
        assert.strictEqual(error._tag, "InvalidInputError")
      }
    })
  )

  it.scopedLive("come from the environment too", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const environment = Layer.setConfigProvider(
        ConfigProvider.fromMap(new Map([["APIKEYS_SQLITE_FILENAME", filename]]))
      )
      yield* ping.pipe(Effect.provide(Layer.provide(SqliteStore.layerConfig(), environment)))
      assert.isTrue(existsSync(filename))
    })
  )

  it.live("that the environment lacks are refused by name", () =>
    Effect.gen(function* () {
      const environment = Layer.setConfigProvider(ConfigProvider.fromMap(new Map()))
      const error = yield* ping.pipe(Effect.provide(Layer.provide(SqliteStore.layerConfig(), environment)), Effect.flip)
      assert.deepStrictEqual((error as InvalidInputError).issues, [
        { path: "APIKEYS_SQLITE_FILENAME", rule: "is required" }
      ])
    })
  )
})

describe("closing", () => {
  it.scopedLive("gives the file back, with everything in it", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      yield* insertOrganization().pipe(Effect.provide(SqliteStore.layer({ filename })))
      assert.isFalse(existsSync(`${filename}-wal`))
      const raw = yield* openRaw(filename)
      assert.strictEqual(raw.prepare("select count(*) from apikeys_organizations").pluck().get(), 1)
    })
  )

  it.scopedLive("makes later calls fail, and says so", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      const tenants = yield* TenantStore.pipe(Effect.provide(SqliteStore.layer({ filename })))
      const read = yield* Effect.flip(tenants.listOrganizations({ after: null, take: 1 }))
      assert.deepInclude(read, { _tag: "StoreError", retryable: false, reason: "sqlite closed" })
      const write = yield* Effect.flip(insertOrganization().pipe(Effect.provideService(TenantStore, tenants)))
      assert.deepInclude(write, { _tag: "StoreError", retryable: false, reason: "sqlite closed" })
    })
  )

  it.scopedLive("leaves the folder as it was, but for the file", () =>
    Effect.gen(function* () {
      const filename = yield* tempFile
      mkdirSync(dirname(filename), { recursive: true })
      yield* ping.pipe(Effect.provide(SqliteStore.layer({ filename })))
      for (const suffix of ["-wal", "-shm", "-journal"]) assert.isFalse(existsSync(filename + suffix))
    })
  )
})
