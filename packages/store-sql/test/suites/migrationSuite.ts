import { StoreError, StoreHealth, TenantStore } from "@apikeys/core"
import { insertOrganization } from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { SchemaChange } from "../../src/SchemaVersion.js"
import { startProcess, startProcesses } from "../processes/process.js"
import type { SqlBackend } from "./SqlBackend.js"

/** What the processes of a store can be asked for. */
export type MigrationJobs = {
  readonly open: (address: string) => Effect.Effect<"open", unknown>
  /** Migrates, and stays in the middle of it for a minute. */
  readonly migrateForever: (address: string) => Effect.Effect<unknown, unknown>
}

/** A server's database, in which processes may be killed while they migrate. */
export interface MigratingBackend extends SqlBackend {
  readonly worker: URL
  /** Everything that tells one schema from another. */
  readonly describeSchema: (address: string) => Promise<unknown>
  /** Whether the job `migrateForever` is half way through. */
  readonly isHalfWay: (address: string) => Promise<boolean>
  readonly migrate: (address: string) => Effect.Effect<SchemaChange, unknown>
  readonly migratePromise: (address: string) => Promise<SchemaChange>
}

const ping = Effect.flatMap(StoreHealth, (health) => health.ping)

/** How a schema comes to be, whoever starts, and is left alone once it is there. */
export const migrationSuite = (backend: MigratingBackend): void => {
  const { layer, title } = backend
  const newest = backend.migrations.length
  const query = (address: string, statement: string) => Effect.promise(() => backend.query(address, statement))
  const describeSchema = (address: string) => Effect.promise(() => backend.describeSchema(address))
  const recordsOf = (address: string) =>
    query(address, "select id, name, compatible_with from apikeys_migrations order by id")

  /** A migration that this version knows nothing of. */
  const migrateBeyond = (address: string, compatibleWith: number) =>
    query(address, `insert into apikeys_migrations values (${newest + 1}, 'future', ${compatibleWith}, 0)`)

  describe(`migrations of ${title}`, () => {
    it.scopedLive("make the schema that the plain SQL makes, and leave it alone once it is there", () =>
      Effect.gen(function* () {
        const [byHand, migrated] = yield* Effect.all([backend.emptyDatabase, backend.emptyDatabase])
        yield* Effect.promise(() => backend.script(byHand, backend.schemaSql))
        const { id } = yield* Effect.provide(insertOrganization(), layer(migrated))
        assert.deepStrictEqual(yield* describeSchema(migrated), yield* describeSchema(byHand))
        assert.deepStrictEqual(yield* recordsOf(migrated), yield* recordsOf(byHand))
        assert.strictEqual((yield* recordsOf(byHand)).length, newest)
        const find = Effect.flatMap(TenantStore, (tenants) => tenants.findOrganization(id))
        assert.strictEqual((yield* Effect.provide(find, layer(migrated)))._tag, "Some")
        yield* Effect.provide(insertOrganization(), layer(byHand, { migrate: false }))
      })
    )

    it.scopedLive("are refused by `migrate: false`, which says what to do and changes nothing", () =>
      Effect.gen(function* () {
        const address = yield* backend.emptyDatabase
        const error = yield* Effect.flip(Effect.provide(ping, layer(address, { migrate: false })))
        assert.instanceOf(error, StoreError)
        const reason = `schema is at 0, this version needs ${newest}: run migrate`
        assert.deepInclude(error, { operation: "open", retryable: false, reason })
        assert.deepStrictEqual(
          yield* describeSchema(address),
          yield* Effect.flatMap(backend.emptyDatabase, describeSchema)
        )
        assert.deepStrictEqual(yield* backend.migrate(address), { before: 0, after: newest })
        const again = yield* Effect.promise(() => backend.migratePromise(address))
        assert.deepStrictEqual(again, { before: newest, after: newest })
        yield* Effect.provide(ping, layer(address, { migrate: false }))
      })
    )

    it.scopedLive("that came later are accepted where they say so, and refused where they do not", () =>
      Effect.gen(function* () {
        const [older, newer] = yield* Effect.all([backend.emptyDatabase, backend.emptyDatabase])
        for (const address of [older, newer]) yield* backend.migrate(address)
        yield* migrateBeyond(older, newest)
        yield* migrateBeyond(newer, newest + 1)
        for (const migrate of [true, false]) {
          yield* Effect.provide(insertOrganization(), layer(older, { migrate }))
          const error = yield* Effect.flip(Effect.provide(ping, layer(newer, { migrate })))
          const reason = `schema is at ${newest + 1}, which needs ${newest + 1} or newer; this version has ${newest}: upgrade it`
          assert.deepInclude(error, { operation: "open", retryable: false, reason })
        }
      })
    )

    it.scopedLive(
      "of four processes that start at once on an empty database let all of them come up",
      () =>
        Effect.gen(function* () {
          const address = yield* backend.emptyDatabase
          const processes = yield* startProcesses<MigrationJobs>(backend.worker, 4)
          const opened = yield* Effect.forEach(processes, (process) => process.run("open", address), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(opened, ["open", "open", "open", "open"])
          assert.strictEqual((yield* recordsOf(address)).length, newest)
        }),
      120_000
    )

    it.scopedLive(
      "of a process that is killed half way leave nothing that the next start does not heal",
      () =>
        Effect.gen(function* () {
          const address = yield* backend.emptyDatabase
          const process = yield* startProcess<MigrationJobs>(backend.worker)
          yield* process.start("migrateForever", address)
          yield* Effect.promise(() => backend.isHalfWay(address)).pipe(
            Effect.delay("50 millis"),
            Effect.repeat({ until: (halfWay) => halfWay }),
            Effect.timeout("60 seconds")
          )
          yield* process.kill
          const killed = performance.now()
          yield* Effect.provide(insertOrganization(), layer(address, { timeout: "20 seconds" }))
          // Long before the dead process's statement would have ended, and given the lock back.
          assert.isBelow(performance.now() - killed, 40_000)
          assert.strictEqual((yield* recordsOf(address)).length, newest)
          const other = yield* backend.emptyDatabase
          yield* backend.migrate(other)
          assert.deepStrictEqual(yield* describeSchema(address), yield* describeSchema(other))
        }),
      120_000
    )
  })
}
