import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { OrganizationId } from "../domain/Ids.js"
import type { Digest } from "../ports/KeyHasher.js"
import type { KeyImport } from "../ports/KeyImport.js"
import { KeyStore } from "../ports/KeyStore.js"
import { assertAllSucceeded, atOnce, type ContractTest, successes } from "./contract.js"
import { absent, insertKey, insertOrganization, makeDigest, makeKey } from "./fixtures.js"

const makeForm = (secretId: string): Digest => ({ ...makeDigest(), secretId })

/** The same plaintext, by as many signing secrets. */
const makeForms = () => ["one", "two", "three"].map(makeForm)

/** An import by one of the secrets, which knows the others. */
const importBy = (organizationId: OrganizationId, forms: ReadonlyArray<Digest>, own: number): KeyImport => ({
  key: makeKey(organizationId),
  digest: forms[own] ?? makeDigest(),
  otherDigests: forms.filter((_, i) => i !== own),
  otherIds: []
})

/** How many of the forms open a key. */
const countFound = (forms: ReadonlyArray<Digest>) =>
  Effect.flatMap(KeyStore, (keys) =>
    Effect.map(keys.findByDigests(forms.map(({ bytes }) => bytes)), (found) => found.filter(Option.isSome).length)
  )

/** That one plaintext is one key, in whatever form it is there. */
export const keyPlaintextContract = (test: ContractTest): void => {
  test("finds what is there in another form than the one that is imported", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const one = yield* insertOrganization()
      const other = yield* insertOrganization()
      const { digest, key } = yield* insertKey(one.id)
      const forms = [...makeForms(), digest]
      assert.deepStrictEqual(yield* keys.insertMany([importBy(one.id, forms, 0), importBy(other.id, forms, 1)]), [
        { _tag: "Existing", keyId: key.id },
        { _tag: "Taken", field: "digest" }
      ])
      assert.strictEqual(yield* countFound(forms), 1)
    }))

  test("names another organization first, of several that have it", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const one = yield* insertOrganization()
      const other = yield* insertOrganization()
      const forms = [(yield* insertKey(one.id)).digest, (yield* insertKey(other.id)).digest, ...makeForms()]
      assert.deepStrictEqual(yield* keys.insertMany([importBy(one.id, forms, 2)]), [{ _tag: "Taken", field: "digest" }])
    }))

  test("finds in one call what an earlier import of it inserts in another form", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const one = yield* insertOrganization()
      const other = yield* insertOrganization()
      const forms = makeForms()
      const first = importBy(one.id, forms, 0)
      assert.deepStrictEqual(
        yield* keys.insertMany([first, importBy(one.id, forms, 1), importBy(other.id, forms, 2)]),
        [{ _tag: "Inserted" }, { _tag: "Existing", keyId: first.key.id }, { _tag: "Taken", field: "digest" }]
      )
      assert.strictEqual(yield* countFound(forms), 1)
    }))

  test("finds a key by another id of the same import", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      const { digest, key } = yield* insertKey(id)
      const by = (secretId: string): KeyImport => ({
        ...importBy(id, [makeForm(secretId)], 0),
        otherIds: [absent.key(), key.id]
      })
      assert.deepStrictEqual(yield* keys.insertMany([by("next"), by(digest.secretId)]), [
        { _tag: "OtherDigest", keyId: key.id, renewed: true },
        { _tag: "OtherDigest", keyId: key.id, renewed: false }
      ])
    }))

  test("gives a plaintext to one of many who import it at once by different signing secrets", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      for (let round = 0; round < 5; round++) {
        const organizations = yield* Effect.forEach(Array.from({ length: 9 }), () => insertOrganization())
        const plaintexts = Array.from({ length: 20 }, makeForms)
        const calls = organizations.map(({ id }, i) =>
          keys.insertMany(plaintexts.map((forms) => importBy(id, forms, i % forms.length)))
        )
        const results = yield* atOnce(calls)
        assertAllSucceeded(results)
        const inserted = successes(results)
          .flat()
          .filter(({ _tag }) => _tag === "Inserted")
        assert.strictEqual(inserted.length, plaintexts.length)
        for (const forms of plaintexts) assert.strictEqual(yield* countFound(forms), 1)
      }
    }))

  test("finds a key whose digest is put in the place of another meanwhile", () =>
    Effect.gen(function* () {
      const keys = yield* KeyStore
      const { id } = yield* insertOrganization()
      for (let round = 0; round < 20; round++) {
        const { digest, key } = yield* insertKey(id)
        const forms = [digest, makeForm("next"), makeForm("after")] as const
        const [, next, after] = forms
        const moves = Effect.zipRight(keys.redigest(digest.bytes, next), keys.redigest(next.bytes, after))
        const results = yield* atOnce([Effect.as(moves, []), keys.insertMany([importBy(id, forms, 1)])])
        assertAllSucceeded(results)
        assert.deepStrictEqual(successes(results)[1], [{ _tag: "Existing", keyId: key.id }])
        assert.strictEqual(yield* countFound(forms), 1)
      }
    }))
}
