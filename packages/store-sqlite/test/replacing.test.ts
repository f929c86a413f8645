import { existsSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { type ApiKeyClient, InvalidKeyError, RevokedKeyError, StoreError } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { type ClientJobs, openClient } from "../../store-sql/test/processes/clients.js"
import { startProcess } from "../../store-sql/test/processes/process.js"
import { sleep } from "../../store-sql/test/processes/sleep.js"
import { SqliteStore } from "../src/index.js"
import { schema } from "../src/SqliteSchema.js"
import { tempFile } from "./tempDatabase.js"

const worker = new URL("processes/client.ts", import.meta.url)

/** Far more than the second that is promised: machines do something else as well. */
const bound = 15_000

const openAt = (filename: string, cache = true) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      openClient(SqliteStore.layer({ filename, timeout: "20 seconds" }), cache ? {} : { cache: false })
    ),
    (client) => Effect.promise(() => client.close())
  )

const raw = <A>(filename: string, use: (database: Sqlite.Database) => A): A => {
  const database = new Sqlite(filename)
  try {
    return use(database)
  } finally {
    database.close()
  }
}

/** A file with an organization and a key in it, which a client remembers, and another that was made of it before. */
const opened = (cache = true) =>
  Effect.gen(function* () {
    const filename = yield* tempFile
    const backup = `${filename}.backup`
    const client = yield* openAt(filename, cache)
    const { key, organizationId, plaintext } = yield* Effect.promise(async () => {
      const { id: organizationId } = await client.createOrganization({ name: "Acme" })
      return { organizationId, ...(await client.createKey({ organizationId })) }
    })
    raw(filename, (database) => database.prepare("vacuum into ?").run(backup))
    yield* Effect.promise(() => client.validateKey(plaintext))
    return { filename, backup, client, key, organizationId, plaintext }
  })

/** Waits until a call fails with an error of a class, and no other. */
const until = async (
  call: () => Promise<unknown>,
  expected: abstract new (...args: never) => Error
): Promise<Error> => {
  const end = Date.now() + bound
  for (;;) {
    const error = await call().then(
      () => null,
      (reason: unknown) => reason
    )
    if (error instanceof expected) return error
    if (error !== null && !(error instanceof StoreError && error.retryable)) throw error
    if (Date.now() > end) throw new Error("it still passes")
    await sleep(10)
  }
}

const keysIn = (filename: string): ReadonlyArray<unknown> =>
  raw(filename, (database) => database.prepare("select id from apikeys_keys order by created_at, id").pluck().all())

const assertWhole = (filename: string): void =>
  raw(filename, (database) => assert.deepStrictEqual(database.pragma("integrity_check"), [{ integrity_check: "ok" }]))

const revokeIn = (filename: string): void =>
  raw(filename, (database) => {
    database.prepare("update apikeys_keys set revoked_at = 1").run()
  })

const refused = (client: ApiKeyClient, plaintext: string, as: Parameters<typeof until>[1]) =>
  Effect.promise(() => until(() => client.validateKey(plaintext), as))

describe("a database file that is deleted while it is open", () => {
  for (const cache of [true, false]) {
    it.scopedLive(`fails every call as a store that is away, and is not made again (cache: ${cache})`, () =>
      Effect.gen(function* () {
        const { client, filename, key, organizationId, plaintext } = yield* opened(cache)
        for (const end of ["", "-wal", "-shm"]) rmSync(filename + end)
        for (const change of [() => client.createKey({ organizationId }), () => client.revokeKey(key.id)]) {
          const error = yield* Effect.promise(() => change().catch((reason: unknown) => reason))
          assert.deepInclude(error as object, { retryable: true, reason: "sqlite SQLITE_CANTOPEN" })
        }
        yield* refused(client, plaintext, StoreError)
        assert.isFalse((yield* Effect.promise(() => client.health())).healthy)
        assert.isFalse(existsSync(filename))
      })
    )
  }

  it.scopedLive("fails calls in the same way where its path leads nowhere at all", () =>
    Effect.gen(function* () {
      const { client, filename, key, plaintext } = yield* opened()
      rmSync(filename)
      symlinkSync(filename, filename)
      const error = yield* refused(client, plaintext, StoreError)
      assert.deepInclude(error as object, { retryable: true, reason: "sqlite SQLITE_CANTOPEN" })
      const revoked = yield* Effect.promise(() => client.revokeKey(key.id).catch((reason: unknown) => reason))
      assert.deepInclude(revoked as object, { retryable: true, reason: "sqlite SQLITE_CANTOPEN" })
      assert.isFalse((yield* Effect.promise(() => client.health())).healthy)
    })
  )

  it.scopedLive("is served again when it is back", () =>
    Effect.gen(function* () {
      const { backup, client, filename, plaintext } = yield* opened()
      for (const end of ["", "-wal", "-shm"]) rmSync(filename + end)
      yield* refused(client, plaintext, StoreError)
      renameSync(backup, filename)
      const { key } = yield* Effect.promise(() => client.validateKey(plaintext))
      yield* Effect.promise(() => client.revokeKey(key.id))
      assert.isNotNull(
        raw(filename, (database) => database.prepare("select revoked_at from apikeys_keys").pluck().get())
      )
    })
  )
})

describe("a database file whose place another one takes while it is open", () => {
  for (const cache of [true, false]) {
    it.scopedLive(`is forgotten with everything that was remembered of it (cache: ${cache})`, () =>
      Effect.gen(function* () {
        const { backup, client, filename, organizationId, plaintext } = yield* opened(cache)
        // Of this the new file knows nothing, and the old one has it in its log alone.
        const lost = yield* Effect.promise(() => client.createKey({ organizationId }))
        yield* Effect.promise(() => client.validateKey(lost.plaintext))
        revokeIn(backup)
        renameSync(backup, filename)
        yield* refused(client, plaintext, RevokedKeyError)
        yield* refused(client, lost.plaintext, InvalidKeyError)
        const made = yield* Effect.promise(() => client.createKey({ organizationId }))
        assert.include(keysIn(filename), made.key.id)
        assert.notInclude(keysIn(filename), lost.key.id)
        yield* Effect.promise(() => client.validateKey(made.plaintext))
        assertWhole(filename)
      })
    )
  }

  it.scopedLive("loses no change that was reported after that", () =>
    Effect.gen(function* () {
      const { backup, client, filename, key, organizationId, plaintext } = yield* opened()
      renameSync(backup, filename)
      const made = yield* Effect.promise(() => client.createKey({ organizationId }))
      yield* Effect.promise(() => client.revokeKey(key.id))
      assert.include(keysIn(filename), made.key.id)
      const other = yield* openAt(filename)
      yield* refused(other, plaintext, RevokedKeyError)
      assertWhole(filename)
    })
  )

  it.scopedLive("is one file to all processes that had the old one open", () =>
    Effect.gen(function* () {
      const { backup, client, filename, organizationId, plaintext } = yield* opened()
      const process = yield* startProcess<ClientJobs>(worker)
      yield* process.run("open", { address: filename, rateLimits: "exact", usage: "deferred" })
      renameSync(backup, filename)
      yield* Effect.promise(() => client.validateKey(plaintext))
      assert.strictEqual(yield* process.run("revokeKeys", { organizationId, reason: "left" }), 1)
      yield* refused(client, plaintext, RevokedKeyError)
      const made = yield* Effect.promise(() => client.createKey({ organizationId }))
      assert.strictEqual(yield* process.run("revokeKeys", { organizationId, reason: "left" }), 1)
      yield* refused(client, made.plaintext, RevokedKeyError)
      yield* process.run("close", null)
      assertWhole(filename)
      assert.strictEqual(keysIn(filename).length, 2)
    })
  )

  it.scopedLive("is brought up to date where it is of an older version", () =>
    Effect.gen(function* () {
      const { client, filename, plaintext } = yield* opened()
      const older = `${filename}.older`
      raw(older, (database) => {
        database.exec(schema.recordTable)
        for (const { compatibleWith, id, name, statements } of SqliteStore.migrations.slice(0, 1)) {
          for (const statement of statements) database.exec(statement)
          database.prepare("insert into apikeys_migrations values (?, ?, ?, 1)").run(id, name, compatibleWith)
        }
      })
      renameSync(older, filename)
      yield* refused(client, plaintext, InvalidKeyError)
      const { id: organizationId } = yield* Effect.promise(() => client.createOrganization({ name: "Acme" }))
      yield* Effect.promise(() => client.createKey({ organizationId }))
      assert.strictEqual(keysIn(filename).length, 1)
    })
  )
})
