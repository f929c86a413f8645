import { createHmac } from "node:crypto"
import { ApiKeys, KeyToken, KeyVerifier, type StorePorts } from "@apikeys/core"
import { type Database, SchemaVersion } from "@apikeys/store-sql"
import type { Connection } from "@effect/sql/SqlConnection"
import { assert } from "@effect/vitest"
import { type Context, DateTime, Effect, Layer } from "effect"

/** How a database writes values of version 1 of the schema. */
export interface Literals {
  readonly id: (uuid: string) => string
  readonly instant: (date: Date) => string
  readonly bytes: (hex: string) => string
}

const signingSecret = "0123456789abcdef0123456789abcdef"

const hmac = (text: string) => createHmac("sha256", signingSecret).update(text).digest("hex")

const createdAt = new Date("2025-06-15T12:00:00.123Z")

/** A key of version 1: in words of its own, since today's code knows no such rows. */
const makeKey = (times: { readonly expiresAt?: Date; readonly revokedAt?: Date } = {}) => ({
  id: crypto.randomUUID(),
  plaintext: KeyToken.issue("myapp", (size) => crypto.getRandomValues(new Uint8Array(size))),
  expiresAt: times.expiresAt ?? null,
  revokedAt: times.revokedAt ?? null
})

/** What stood in a database before it was upgraded. */
export const makeVersion1 = () => ({
  organizationId: crypto.randomUUID(),
  active: makeKey(),
  expired: makeKey({ expiresAt: new Date("2025-06-16T00:00:00.000Z") }),
  revoked: makeKey({ revokedAt: new Date("2025-06-17T00:00:00.000Z") })
})

export type Version1 = ReturnType<typeof makeVersion1>

const insertions = ({ active, expired, organizationId, revoked }: Version1, to: Literals): ReadonlyArray<string> => {
  const orNull = (date: Date | null) => (date === null ? "null" : to.instant(date))
  const secretId = hmac("@apikeys/core/secretId").slice(0, 16)
  return [
    `insert into apikeys_organizations (id, name, created_at)
values (${to.id(organizationId)}, 'Acme ${organizationId}', ${to.instant(createdAt)})`,
    ...[active, expired, revoked].flatMap(({ expiresAt, id, plaintext, revokedAt }) => [
      `insert into apikeys_keys (id, organization_id, name, hint, scopes, rate_limits, metadata, expires_at, revoked_at,
  revoked_reason, use_count, created_at, updated_at)
values (${to.id(id)}, ${to.id(organizationId)}, 'Alice', '${KeyToken.hint(plaintext)}', '["read"]', '[]', '{"plan":"pro"}',
  ${orNull(expiresAt)}, ${orNull(revokedAt)}, null, 7, ${to.instant(createdAt)}, ${to.instant(createdAt)})`,
      `insert into apikeys_digests (digest, key_id, secret_id, created_at)
values (${to.bytes(hmac(plaintext))}, ${to.id(id)}, '${secretId}', ${to.instant(createdAt)})`
    ])
  ]
}

/** The same database, as code of an older version knows it. */
export const asOf = (database: Database, version: number): Database => ({
  ...database,
  schema: { ...database.schema, migrations: database.schema.migrations.filter(({ id }) => id <= version) }
})

/** Brings an empty database to version 1, with rows in it. */
export const fillVersion1 = (database: Database, rows: Version1, literals: Literals) =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* SchemaVersion.migrate(asOf(database, 1)), { before: 0, after: 1 })
    yield* database.transact("change", (connection: Connection) =>
      Effect.forEach(insertions(rows, literals), (text) => connection.executeUnprepared(text, [], undefined), {
        discard: true
      })
    )
  })

/** Code of version 1 knows neither a disabled key nor a superseded digest: it would let both in. */
export const refusesVersion1 = (database: Database) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(SchemaVersion.check(asOf(database, 1), 20_000))
    assert.match(error.reason, /^schema is at \d+, which needs \d+ or newer; this version has 1: upgrade it$/)
  })

/** Every key of version 1 is what it was, and can do what keys can do now. */
export const servesVersion1 = (
  { active, expired, organizationId, revoked }: Version1,
  ports: Context.Context<StorePorts>
) =>
  Effect.gen(function* () {
    const keys = yield* ApiKeys
    const verifier = yield* KeyVerifier
    const { key, supersededAt } = yield* verifier.validateKey(active.plaintext, { requiredScopes: ["read"] })
    assert.deepInclude(key, {
      id: active.id as never,
      name: "Alice",
      useCount: 8,
      disabledAt: null,
      disabledReason: null
    })
    assert.deepStrictEqual([key.metadata, key.createdAt.epochMillis], [{ plan: "pro" }, createdAt.getTime()])
    assert.isNull(supersededAt)
    for (const [status, one] of [
      ["active", active],
      ["expired", expired],
      ["revoked", revoked]
    ] as const) {
      const { items } = yield* keys.listKeys({ organizationId, status })
      assert.deepStrictEqual(
        items.map(({ id }) => String(id)),
        [one.id]
      )
    }
    const { secrets } = yield* keys.signingSecretReport()
    assert.deepInclude(secrets[0], { role: "current", keys: 3, superseded: 0 })

    const rotated = yield* keys.rotateKey(active.id, { overlap: "1 hour" })
    assert.isNotNull((yield* verifier.verifyKey(active.plaintext)).supersededAt)
    assert.isNull((yield* verifier.verifyKey(rotated.plaintext)).supersededAt)
    yield* keys.disableKey(active.id)
    assert.strictEqual((yield* Effect.flip(verifier.verifyKey(rotated.plaintext)))._tag, "DisabledKeyError")
    const now = yield* DateTime.now
    assert.strictEqual(yield* keys.pruneKeys({ organizationId, revokedBefore: now, expiredBefore: now }), 2)
  }).pipe(
    Effect.provide(
      ApiKeys.layer({ signingSecret, keyPrefix: "myapp" }).pipe(Layer.provide(Layer.succeedContext(ports)))
    )
  )
