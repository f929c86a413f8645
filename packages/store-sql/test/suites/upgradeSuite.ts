import { createHash, createHmac } from "node:crypto"
import {
  ApiKey,
  ApiKeys,
  KeyStore,
  KeyVerifier,
  Organization,
  OrganizationName,
  Product,
  ProductName,
  Project,
  ProjectName,
  type RateLimit,
  Scope,
  TenantStore,
  UsageStore
} from "@apikeys/core"
import {
  absent,
  insertKey,
  instant,
  keyFilter,
  keyOwner,
  limitsOfGoodKeys,
  makeDigest,
  makeKey,
  makeNewKey,
  revokeAll
} from "@apikeys/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Migration } from "../../src/index.js"
import { type SqlBackend, text } from "./SqlBackend.js"

const createdAt = Date.UTC(2025, 2, 30, 1, 30, 0, 7)

const limit: RateLimit = { name: "default", algorithm: "fixed-window", requests: 10, window: 1e9, burst: null }

/** What somebody had before they upgraded. */
const makeData = () => {
  const organization = new Organization({
    id: absent.organization(),
    name: OrganizationName.make("Zoë's ☕"),
    createdAt: instant(createdAt)
  })
  const owned = { organizationId: organization.id, createdAt: instant(createdAt) }
  const project = new Project({ ...owned, id: absent.project(), name: ProjectName.make("Website") })
  const product = new Product({ ...owned, id: absent.product(), name: ProductName.make("Weather") })
  const key = makeKey(organization.id, {
    projectId: project.id,
    productId: product.id,
    name: "It's a key",
    scopes: [Scope.make("docs:*")],
    rateLimits: [limit],
    metadata: { plan: "pro", nested: { list: [1, null, "ü"] }, numbers: [1e308, 5e-324, 0.1, 2 ** 53 - 1] },
    expiresAt: instant(Date.UTC(2099, 0, 1)),
    useCount: 41,
    lastUsedAt: instant(createdAt + 1),
    createdAt: instant(createdAt),
    updatedAt: instant(createdAt + 2)
  })
  const revoked = new ApiKey({ ...key, id: absent.key(), revokedAt: instant(createdAt + 3), revokedReason: "leaked" })
  return { organization, project, product, key, revoked, digest: makeDigest(), foreign: makeForeign() }
}

const signingSecret = "0123456789abcdef0123456789abcdef"

const hmac = (data: string | Buffer) => createHmac("sha256", signingSecret).update(data).digest()

const sha256 = (plaintext: string) => createHash("sha256").update(plaintext).digest()

/** Keys from elsewhere, as code before version 4 kept them: before and after their first use. */
const makeForeign = () => {
  const make = (digestOf: (plaintext: string) => Buffer, secretId: string) => {
    const plaintext = `old_${crypto.randomUUID().replaceAll("-", "")}`
    return { id: absent.key(), plaintext, digest: digestOf(plaintext), secretId }
  }
  return [make(sha256, "sha256"), make(hmac, hmac("@apikeys/core/secretId").toString("hex").slice(0, 16))]
}

type Data = ReturnType<typeof makeData>

/** The data as rows of the first version: every column that it has, and none of a later one. */
const insertsOf = ({ literal: { bytes, id, instant: at } }: SqlBackend, data: Data): ReadonlyArray<string> => {
  const { digest, foreign, key, organization, product, project, revoked } = data
  const created = at(createdAt)
  const keyRow = (row: ApiKey, idempotencyKey: string) =>
    [
      ...[id(row.id), id(organization.id), id(project.id), id(product.id), text(row.name ?? ""), text(row.hint)],
      ...[row.scopes, row.rateLimits, row.metadata].map((value) => text(JSON.stringify(value))),
      at(row.expiresAt?.epochMillis ?? 0),
      row.revokedAt === null ? "null" : at(row.revokedAt.epochMillis),
      row.revokedReason === null ? "null" : text(row.revokedReason),
      ...[String(row.useCount), at(row.lastUsedAt?.epochMillis ?? 0), created, at(row.updatedAt.epochMillis)],
      idempotencyKey
    ].join(", ")
  const ofKeys = `insert into apikeys_keys (id, organization_id, project_id, product_id, name, hint, scopes, rate_limits,
metadata, expires_at, revoked_at, revoked_reason, use_count, last_used_at, created_at, updated_at, idempotency_key)`
  const named = (entity: string, { id: own, name }: Project | Product) =>
    `insert into apikeys_${entity}s (id, organization_id, name, created_at)
values (${id(own)}, ${id(organization.id)}, ${text(name)}, ${created})`
  return [
    `insert into apikeys_organizations (id, name, created_at)
values (${id(organization.id)}, ${text(organization.name)}, ${created})`,
    named("project", project),
    named("product", product),
    `insert into apikeys_project_products (project_id, product_id) values (${id(project.id)}, ${id(product.id)})`,
    `${ofKeys} values (${keyRow(key, text("order 7"))})`,
    `${ofKeys} values (${keyRow(revoked, "null")})`,
    `insert into apikeys_digests (digest, key_id, secret_id, created_at)
values (${bytes(digest.bytes)}, ${id(key.id)}, ${text(digest.secretId)}, ${created})`,
    ...foreign.flatMap((one) => [
      `insert into apikeys_keys (id, organization_id, hint, scopes, rate_limits, metadata, use_count, created_at, updated_at)
values (${id(one.id)}, ${id(organization.id)}, '…', '[]', '[]', '{}', 0, ${created}, ${created})`,
      `insert into apikeys_digests (digest, key_id, secret_id, created_at)
values (${bytes(one.digest)}, ${id(one.id)}, ${text(one.secretId)}, ${created})`
    ]),
    `insert into apikeys_rate_limits (key_id, name, algorithm, limit_window, charged_at, used, carry)
values (${id(key.id)}, 'default', 'fixed-window', '1000000000', ${Date.now()}, 7, 0)`,
    `insert into apikeys_usage_batches (writer, batch, recorded_at) values ('before', 1, ${Date.now()})`
  ]
}

const recordOf = ({ compatibleWith, id, name }: Migration) =>
  `insert into apikeys_migrations (id, name, compatible_with, applied_at)
values (${id}, ${text(name)}, ${compatibleWith}, 1)`

/** What was there is there and works: nothing is lost, counted twice, admitted twice or made twice. */
const assertIntact = ({ digest, key, organization, product, project, revoked }: Data) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const limits = yield* limitsOfGoodKeys
    const tenants = yield* TenantStore
    const usage = yield* UsageStore
    assert.deepStrictEqual(yield* tenants.findOrganizationByName(organization.name), Option.some(organization))
    assert.deepStrictEqual(yield* tenants.findProject(project.id), Option.some(project))
    assert.deepStrictEqual(yield* tenants.findProduct(product.id), Option.some(product))
    assert.deepStrictEqual(yield* tenants.areLinked([{ projectId: project.id, productId: product.id }]), [true])
    const [found] = yield* keys.findByDigests([digest.bytes])
    assert.deepStrictEqual(
      Option.map(found ?? Option.none(), (row) => row.key),
      Option.some(key)
    )
    assert.deepStrictEqual(yield* keys.find(revoked.id), Option.some(revoked))
    const ofProduct = keyFilter({ productId: product.id, status: "revoked" })
    assert.deepStrictEqual(yield* keys.list(ofProduct, { after: null, take: 10 }), [revoked])

    const newKey = makeNewKey(organization.id, { idempotencyKey: "order 7" })
    assert.deepInclude(yield* keys.insert(newKey), { _tag: "Existing", key, idempotencyDigest: null })
    const charge = limits.charge([{ keyId: key.id, limits: [limit], cost: 1 }])
    const outcomes = yield* Effect.replicateEffect(charge, 4)
    assert.deepStrictEqual(
      outcomes.flat().map(({ allowed }) => allowed),
      [true, true, true, false]
    )
    const use = (number: number) =>
      usage.record({
        writer: "before",
        number,
        uses: [{ keyId: key.id, count: 1, lastUsedAt: instant(createdAt + 9) }]
      })
    yield* use(1)
    yield* use(2)
    assert.strictEqual(Option.getOrThrow(yield* keys.find(key.id)).useCount, key.useCount + 1)
    yield* insertKey(organization.id, { projectId: project.id })
    assert.isTrue(yield* keys.delete(key.id))
    assert.deepStrictEqual(yield* keys.findByDigests([digest.bytes]), [Option.none()])
  })

/** What came from elsewhere goes on to work, and is kept by an HMAC of its SHA-256 from then on. */
const assertKeyed = ({ foreign, organization }: Data) =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const verifier = yield* KeyVerifier
    const store = yield* KeyStore
    for (const { digest, id, plaintext } of foreign) {
      assert.strictEqual((yield* verifier.verifyKey(plaintext)).key.id, id)
      const [before, after] = yield* store.findByDigests([digest, hmac(sha256(plaintext))])
      assert.isTrue(Option.isNone(before ?? Option.none()))
      assert.strictEqual(Option.getOrThrow(after ?? Option.none()).key.id, id)
      const hex = sha256(plaintext).toString("hex")
      const again = yield* keys.importKey({ organizationId: organization.id, digest: { algorithm: "sha256", hex } })
      assert.deepInclude(again, { created: false })
    }
  }).pipe(
    Effect.provide(ApiKeys.layer({ signingSecret, acceptForeignKeys: [{ head: "old_", alphabet: "hex", length: 32 }] }))
  )

/** Keys of before are behind a fence like any other. */
const assertRevocable = ({ foreign, organization }: Data) =>
  Effect.gen(function* () {
    const keys = yield* KeyStore
    const owner = keyOwner({ organizationId: organization.id })
    const before = yield* keys.list(keyFilter(owner), { after: null, take: 100 })
    const good = before.filter(({ revokedAt }) => revokedAt === null)
    for (const { id } of foreign) assert.isTrue(good.some((key) => key.id === id))
    const revocation = { at: instant(createdAt + 10), reason: "left" }
    assert.strictEqual(yield* revokeAll(owner, revocation, 1), good.length)
    for (const { id } of good) {
      const { revokedAt, revokedReason } = Option.getOrThrow(yield* keys.find(id))
      assert.deepStrictEqual([revokedAt?.epochMillis, revokedReason], [createdAt + 10, "left"])
    }
  })

/** What code before version 4 called secrets is made of them: it is counted, and called anew, whoever has the secret. */
const assertRenamed = (ask: (statement: string) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>) =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const report = yield* keys.signingSecretReport()
    assert.deepInclude(report.secrets[0], { role: "current", keys: 1 })
    assert.strictEqual(report.unservedKeys, 1)
    const former = ["fixture", hmac("@apikeys/core/secretId").toString("hex").slice(0, 16)].map(text).join()
    const left = Effect.promise(async () => {
      const digests = await ask(`select secret_id from apikeys_digests where secret_id in (${former})`)
      return [...digests, ...(await ask(`select id from apikeys_secret_ids where id in (${former})`))].length
    })
    yield* Effect.repeat(Effect.delay(left, "50 millis"), { until: (count) => count === 0 })
    const after = yield* keys.signingSecretReport()
    assert.deepInclude(after.secrets[0], { role: "current", keys: 1 })
    assert.strictEqual(after.unservedKeys, 1)
  }).pipe(Effect.provide(ApiKeys.layer({ signingSecret })))

/** Every released version of the schema, with data in it, brought up to date. */
export const upgradeSuite = (backend: SqlBackend): void => {
  const [first, ...later] = backend.migrations
  if (first === undefined) throw new Error("There is no migration")

  describe(`an upgrade of ${backend.title}`, () => {
    for (const { id: version } of backend.migrations) {
      it.scopedLive(`from version ${version}, made by the plain SQL, keeps all data`, () =>
        Effect.gen(function* () {
          const address = yield* backend.emptyDatabase
          const data = makeData()
          const run = (statements: ReadonlyArray<string>) =>
            Effect.promise(() => backend.script(address, statements.map((statement) => `${statement};\n`).join("")))
          yield* run([backend.recordTable, ...first.statements, recordOf(first), ...insertsOf(backend, data)])
          for (const migration of later.filter(({ id }) => id <= version)) {
            yield* run([...migration.statements, recordOf(migration)])
          }
          const assertions = Effect.all(
            [
              assertRenamed((statement) => backend.query(address, statement)),
              assertIntact(data),
              assertKeyed(data),
              assertRevocable(data)
            ],
            { discard: true }
          )
          yield* Effect.provide(assertions, backend.layer(address, { timeout: "20 seconds" }))
          const records = yield* Effect.promise(() => backend.query(address, "select id from apikeys_migrations"))
          assert.deepStrictEqual(
            records.map(({ id }) => Number(id)).sort((a, b) => a - b),
            backend.migrations.map(({ id }) => id)
          )
        })
      )
    }
  })
}
