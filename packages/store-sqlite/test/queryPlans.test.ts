import { KeyChanges, KeyStore, RateLimitStore, type StorePorts, TenantStore, UsageStore } from "@apikeys/core"
import {
  absent,
  fixtureTime,
  insertKey,
  insertLinked,
  insertOrganization,
  instant,
  keyFilter,
  makeDigest,
  makeKey,
  makeRateLimit,
  revokeAll
} from "@apikeys/core/testing"
import { SchemaVersion, SqlStore } from "@apikeys/store-sql"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { openRaw, openTempDatabase } from "./tempDatabase.js"

/** How SQLite goes about each statement of a call. */
const plansOf = (call: Effect.Effect<unknown, unknown, StorePorts>) =>
  Effect.gen(function* () {
    const database = yield* openTempDatabase()
    yield* SchemaVersion.migrate(database)
    const raw = yield* openRaw(database.filename)
    const plans: Array<string> = []
    type Connection = Parameters<Parameters<typeof database.read>[0]>[0]
    const explain = (sql: string, params: ReadonlyArray<unknown>) => {
      const rows = raw.prepare(`explain query plan ${sql}`).all(...params)
      plans.push(...rows.map((row) => (row as { readonly detail: string }).detail))
    }
    const explaining = (connection: Connection): Connection => ({
      ...connection,
      execute: (sql, params, transform) => {
        explain(sql, params)
        return connection.execute(sql, params, transform)
      },
      executeValues: (sql, params) => {
        explain(sql, params)
        return connection.executeValues(sql, params)
      }
    })
    const explained = {
      ...database,
      scripts: null,
      affected: ((on, sql, params) => {
        explain(sql, params)
        return database.affected(on, sql, params)
      }) as typeof database.affected,
      read: ((use) => database.read((connection) => use(explaining(connection)))) as typeof database.read,
      transact: ((durability, use) =>
        database.transact(durability, (connection) => use(explaining(connection)))) as typeof database.transact
    }
    yield* Effect.provide(call, SqlStore.make(explained, { timeout: 5000, time: "store" }))
    return plans
  })

const slice = { after: { createdAt: fixtureTime, id: absent.key() }, take: 51 }

const organizationId = absent.organization()
const projectId = absent.project()
const productId = absent.product()

const listKeys = (fields: Parameters<typeof keyFilter>[0]) =>
  Effect.flatMap(KeyStore, (keys) => keys.list(keyFilter(fields), slice))

const prunedBefore = { organizationId: null, revokedBefore: null, expiredBefore: null }

const none = { organizationId: null, projectId: null, productId: null }

const calls: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, StorePorts>, string]> = [
  ["keys of all", listKeys({}), "apikeys_keys_newest"],
  ["keys of an organization", listKeys({ organizationId }), "apikeys_keys_of_organization"],
  ["keys of a project", listKeys({ projectId }), "apikeys_keys_of_project"],
  ["keys of a product", listKeys({ productId }), "apikeys_keys_of_product"],
  ["active keys of an organization", listKeys({ organizationId, status: "active" }), "apikeys_keys_of_organization"],
  [
    "keys of an organization that are unused",
    listKeys({ organizationId, lastUsedBefore: instant(fixtureTime) }),
    "apikeys_keys_of_organization"
  ],
  [
    "organizations",
    Effect.flatMap(TenantStore, (tenants) => tenants.listOrganizations(slice)),
    "apikeys_organizations_newest"
  ],
  [
    "projects",
    Effect.flatMap(TenantStore, (tenants) => tenants.listProjects(organizationId, slice)),
    "apikeys_projects_newest"
  ],
  [
    "products",
    Effect.flatMap(TenantStore, (tenants) => tenants.listProducts(organizationId, slice)),
    "apikeys_products_newest"
  ],
  [
    "a key by its digest",
    Effect.flatMap(KeyStore, (keys) => keys.findByDigests([makeDigest().bytes])),
    "SEARCH d USING PRIMARY KEY"
  ],
  [
    "links",
    Effect.flatMap(TenantStore, (tenants) => tenants.areLinked([{ projectId, productId }])),
    "SEARCH apikeys_project_products USING PRIMARY KEY"
  ],
  [
    "a charge",
    Effect.flatMap(RateLimitStore, (limits) =>
      limits.charge([{ keyId: absent.key(), limits: [makeRateLimit()], cost: 1 }])
    ),
    "SEARCH r USING PRIMARY KEY"
  ],
  [
    "uses, with what is forgotten of them",
    Effect.flatMap(UsageStore, (usage) =>
      usage.record({ writer: "w", number: 64, uses: [{ keyId: absent.key(), count: 1, lastUsedAt: instant(0) }] })
    ),
    "apikeys_usage_batches_oldest"
  ],
  [
    "an idempotency key",
    Effect.flatMap(KeyStore, (keys) =>
      Effect.ignore(
        keys.insert({
          key: makeKey(organizationId),
          digest: makeDigest(),
          idempotencyKey: "order 7",
          idempotencyDigest: null
        })
      )
    ),
    "apikeys_keys_idempotency"
  ],
  [
    "a rotation",
    Effect.flatMap(KeyStore, (keys) =>
      Effect.gen(function* () {
        const key = yield* insertOrganization().pipe(Effect.flatMap(({ id }) => insertKey(id)))
        const rotation = { digest: makeDigest(), hint: "myapp_AbCd…", at: instant(0), overlapMillis: 1 }
        yield* keys.rotate(key.key.id, rotation)
      })
    ),
    "apikeys_digests_of_key"
  ],
  [
    "a digest that is made anew",
    Effect.flatMap(KeyStore, (keys) => keys.redigest(makeDigest().bytes, makeDigest())),
    "SEARCH apikeys_digests USING PRIMARY KEY"
  ],
  [
    "keys that cannot be served",
    Effect.flatMap(KeyStore, (keys) => keys.countUnserved(["a", "b"])),
    "apikeys_digests_of_secret (superseded_at=? AND secret_id>? AND secret_id<?)"
  ],
  [
    "the pruning of revoked keys",
    Effect.flatMap(KeyStore, (keys) => keys.prune({ ...prunedBefore, revokedBefore: instant(0) }, 500)),
    "apikeys_keys_revoked"
  ],
  [
    "the pruning of expired keys",
    Effect.flatMap(KeyStore, (keys) => keys.prune({ ...prunedBefore, expiredBefore: instant(0) }, 500)),
    "apikeys_keys_expiring"
  ],
  [
    "the revocation of all keys of a project",
    Effect.gen(function* () {
      const { organization, project } = yield* insertLinked
      yield* insertKey(organization.id, { projectId: project.id })
      yield* revokeAll({ ...none, projectId: project.id }, { at: instant(0), reason: null })
    }),
    "apikeys_keys_of_project"
  ],
  [
    "a look at the log of changes",
    Effect.scoped(
      Effect.flatMap(KeyChanges, ({ follow }) =>
        Effect.flatMap(Deferred.make<void>(), (confirmed) =>
          Effect.zipRight(
            follow(() => Deferred.unsafeDone(confirmed, Effect.void)),
            Deferred.await(confirmed)
          )
        )
      )
    ),
    "SEARCH c USING INTEGER PRIMARY KEY"
  ]
]

describe("the plan of each statement", () => {
  for (const [what, call, index] of calls) {
    it.scopedLive(`of ${what} uses the index that is there for it, and reads no whole table`, () =>
      Effect.gen(function* () {
        const plans = yield* plansOf(call)
        assert.isTrue(
          plans.some((plan) => plan.includes(index)),
          plans.join("\n")
        )
        const slow = plans.filter(
          (plan) => plan.includes("TEMP B-TREE") || /^SCAN (?!CONSTANT|.* USING (COVERING )?INDEX)/.test(plan)
        )
        assert.deepStrictEqual(slow, [])
      })
    )
  }
})
