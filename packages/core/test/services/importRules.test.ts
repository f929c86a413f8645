import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger, Stream, TestClock } from "effect"
import {
  ApiKeys,
  type ImportKeyInput,
  type ImportKeyOptions,
  KeyVerifier,
  MemoryStore,
  Tenants
} from "../../src/index.js"
import { makeStoreCalls } from "../../src/testing/storeCalls.js"
import { live, signingSecret } from "./live.js"

const now = Date.UTC(2026, 0, 1)
const day = 86_400_000
const at = (millis: number) => DateTime.unsafeMake(millis)

let made = 0

const importOne = (fields: Partial<ImportKeyInput>, options?: ImportKeyOptions) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now)
    const [{ id }] = yield* (yield* Tenants).getOrCreateOrganization({ name: "Acme Inc" })
    const hex = createHash("sha256").update(`key ${made++}`).digest("hex")
    const digest = { algorithm: "hmac-sha256", hex } as const
    const input = { organizationId: id, digest, ...fields } as ImportKeyInput
    const keys = yield* ApiKeys
    const named = { ...input, id: crypto.randomUUID() } as ImportKeyInput
    const other = { ...input, digest: { ...digest, hex: hex.replace(/^../, "00") }, ...fields } as ImportKeyInput
    const { imported } = yield* keys.importKeys(Stream.make(named), options)
    const one = yield* Effect.either(keys.importKey(other, options))
    return one._tag === "Right" && imported === 1
      ? null
      : one._tag === "Left" && one.left._tag === "InvalidInputError" && imported === 0
        ? one.left.issues[0]
        : assert.fail("importKey and importKeys differ")
  })

describe("imports under maxKeyLifetime", () => {
  const cases: ReadonlyArray<readonly [fields: Partial<ImportKeyInput>, rule: string | null]> = [
    [{}, "is required by maxKeyLifetime"],
    [{ expiresAt: at(now + 91 * day) }, "is later than maxKeyLifetime after the key's creation"],
    [{ expiresAt: at(now + 90 * day) }, null],
    [
      { createdAt: at(now - day), expiresAt: at(now + 90 * day) },
      "is later than maxKeyLifetime after the key's creation"
    ],
    [{ createdAt: at(now - 900 * day), expiresAt: at(now - 810 * day) }, null],
    [{ revokedAt: at(now - day) }, "is required by maxKeyLifetime"]
  ]
  it.effect("are held to it, unless they are told to keep lifetimes", () =>
    Effect.gen(function* () {
      for (const [fields, rule] of cases) {
        assert.deepStrictEqual(yield* importOne(fields), rule === null ? null : { path: "expiresAt", rule })
        assert.isNull(yield* importOne(fields, { lifetime: "keep" }))
      }
    }).pipe(Effect.provide(live({ maxKeyLifetime: "90 days" })))
  )

  it.effect("refuse another word for it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.flatMap(ApiKeys, (keys) => keys.importKeys(Stream.empty, { lifetime: "any" as never }))
      )
      assert.deepInclude(error, { issues: [{ path: "lifetime", rule: "is not refuse or keep" }] })
    }).pipe(Effect.provide(live()))
  )
})

describe("imports of what has not happened yet", () => {
  it.effect("are refused, of keys", () =>
    Effect.gen(function* () {
      for (const path of ["createdAt", "lastUsedAt", "revokedAt"] as const) {
        assert.deepStrictEqual(yield* importOne({ [path]: at(now + 1) }), { path, rule: "is in the future" })
        assert.deepStrictEqual(yield* importOne({ [path]: at(Date.UTC(9000, 0)) }, { lifetime: "keep" }), {
          path,
          rule: "is in the future"
        })
        assert.isNull(yield* importOne({ [path]: at(now) }))
      }
    }).pipe(Effect.provide(live()))
  )

  it.effect("are refused, of organizations, projects and products", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const tenants = yield* Tenants
      const organizationId = crypto.randomUUID()
      const named = (createdAt: number) => ({ id: crypto.randomUUID(), name: "Acme", createdAt: at(createdAt) })
      yield* tenants.importOrganization({ ...named(now), id: organizationId })
      const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
        tenants.importOrganization(named(now + 1)),
        tenants.importProject({ ...named(now + 1), organizationId }),
        tenants.importProduct({ ...named(now + 1), organizationId })
      ]
      for (const call of calls) {
        assert.deepInclude((yield* Effect.flip(call)) as object, {
          issues: [{ path: "createdAt", rule: "is in the future" }]
        })
      }
    }).pipe(Effect.provide(live()))
  )
})

describe("foreign plaintexts", () => {
  it.effect("of under 16 characters are not imported, be they bytes more", () =>
    Effect.gen(function* () {
      for (const plaintext of ["", "x", "x".repeat(15), "😀".repeat(15), "é".repeat(15)]) {
        const refused = yield* importOne({ digest: undefined, plaintext } as never).pipe(Effect.orDie)
        assert.deepStrictEqual(refused, { path: "plaintext", rule: "is under 16 characters" })
      }
    }).pipe(Effect.provide(live({ acceptForeignKeys: () => true })))
  )

  it.scoped("that are empty are no keys, whatever a predicate takes, and no store is asked", () =>
    Effect.gen(function* () {
      const calls = makeStoreCalls()
      const services = ApiKeys.layer({ signingSecret, acceptForeignKeys: () => true })
      yield* Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        calls.clear()
        assert.strictEqual((yield* Effect.flip(verifier.verifyKey("")))._tag, "InvalidKeyError")
        assert.deepStrictEqual(calls.all(), [])
      }).pipe(Effect.provide(services.pipe(Layer.provide(calls.wrap(MemoryStore.layer)))))
    })
  )

  it.scoped("that a predicate promises to take are no keys, which is logged once", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const capture = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => void logged.push(`${logLevel.label} ${String(message)}`))
      )
      const acceptForeignKeys = (() => Promise.reject(new Error("broken"))) as unknown as () => boolean
      yield* Effect.gen(function* () {
        const verifier = yield* KeyVerifier
        for (let i = 0; i < 3; i++) {
          assert.strictEqual((yield* Effect.flip(verifier.verifyKey("x".repeat(32))))._tag, "InvalidKeyError")
        }
      }).pipe(Effect.provide(live({ acceptForeignKeys }).pipe(Layer.provideMerge(capture))))
      assert.deepStrictEqual(logged, [
        "ERROR The predicate acceptForeignKeys gave no boolean, so no key was accepted by it"
      ])
    })
  )
})
