import { Effect, Redacted, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ApiKeyClient, ApiKeys, InvalidInputError, InvalidKeyError, KeyVerifier, MemoryStore } from "../../src/index.js"
import { live, signingSecret } from "./live.js"

const absent: { readonly [name: string]: string | undefined } = {}
const missing = absent["MISSING"]

const refusal = (name: string) => ({ issues: [{ path: name, rule: "is undefined; null says none" }] })

const owners = ["organizationId", "projectId", "productId"]
const asked = [...owners, "requiredScopes"]

let client: ApiKeyClient
let organizationId: string
beforeAll(async () => {
  client = await ApiKeyClient.open({ store: MemoryStore.layer, signingSecret, keyPrefix: "myapp" })
  organizationId = (await client.createOrganization({ name: "Acme Inc" })).id
})
afterAll(() => client.close())

const refused = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

describe("a member that is undefined", () => {
  it.each(asked)("is no way to ask a key for nothing: %s", async (name) => {
    const options = { [name]: missing } as never
    const { plaintext } = await client.createKey({ organizationId })
    // Once of a key that is in memory, and once of one that is not.
    for (const key of [plaintext, plaintext, "nonsense"]) {
      for (const answer of [
        await refused(() => client.validateKey(key, options)),
        client.tryValidateKey(key, options),
        await refused(() => client.validateKey(key, Object.freeze({ [name]: missing }) as never))
      ]) {
        expect(answer).toBeInstanceOf(InvalidInputError)
        expect(answer).toMatchObject(refusal(name))
      }
    }
    expect((await client.validateKey(plaintext, { [name]: null })).key.organizationId).toBe(organizationId)
  })

  it.each(owners)("is no way to list, prune or revoke the keys of all: %s", async (name) => {
    const options = { [name]: missing } as never
    const listed = await refused(() => client.allKeys(options).next())
    expect(listed).toMatchObject(refusal(name))
    expect(await refused(() => client.listKeys(options))).toMatchObject(refusal(name))
    const revoked = { organizationId, [name]: missing } as never
    expect(await refused(() => client.revokeKeys(revoked))).toMatchObject(refusal(name))
    expect((await client.listKeys({ organizationId, projectId: null, productId: null })).items.length).toBeGreaterThan(
      0
    )
  })

  it("is no way to prune the keys of all", async () => {
    const pruning = { organizationId: missing, revokedBefore: new Date() } as never
    expect(await refused(() => client.pruneKeys(pruning))).toMatchObject(refusal("organizationId"))
    expect(await client.pruneKeys({ organizationId: null, revokedBefore: new Date() })).toBe(0)
  })

  it.each(["projectId", "productId"])("is no way to make a key that is not narrowed: %s", async (name) => {
    const input = { organizationId, [name]: missing }
    expect(await refused(() => client.createKey(input as never))).toMatchObject(refusal(name))
    const digest = { algorithm: "sha256", hex: "ab".repeat(32) } as const
    expect(await refused(() => client.importKey({ ...input, digest } as never))).toMatchObject(refusal(name))
    expect((await client.createKey({ organizationId, [name]: null })).key).toMatchObject({ [name]: null })
  })

  it("is an issue of an organization that has to be named", async () => {
    expect(await refused(() => client.createKey({ organizationId: missing } as never))).toBeInstanceOf(
      InvalidInputError
    )
    expect(await refused(() => client.createProject({ organizationId: missing, name: "x" } as never))).toBeInstanceOf(
      InvalidInputError
    )
  })

  it("is the same for Effect", () =>
    Effect.gen(function* () {
      const keys = yield* ApiKeys
      const verifier = yield* KeyVerifier
      const options = { organizationId: missing } as never
      for (const call of [
        verifier.validateKey(Redacted.make("x"), options),
        keys.listKeys(options),
        Stream.runDrain(keys.allKeys(options)),
        keys.revokeKeys(options),
        keys.pruneKeys({ organizationId: missing, revokedBefore: new Date() } as never)
      ]) {
        expect(yield* Effect.flip(call as Effect.Effect<unknown, unknown>)).toMatchObject(refusal("organizationId"))
      }
    }).pipe(Effect.provide(live()), Effect.runPromise))

  it("does not pass the types", () => {
    // @ts-expect-error a setting may be missing
    const validated = () => client.validateKey("", { organizationId: missing })
    // @ts-expect-error a setting may be missing
    const scoped = () => client.validateKey("", { requiredScopes: missing?.split(" ") })
    // @ts-expect-error a setting may be missing
    const listed = () => client.listKeys({ projectId: missing })
    // @ts-expect-error a setting may be missing
    const pruned = () => client.pruneKeys({ organizationId: missing, revokedBefore: new Date() })
    // @ts-expect-error a setting may be missing
    const revoked = () => client.revokeKeys({ productId: missing })
    // @ts-expect-error a setting may be missing
    const created = () => client.createKey({ organizationId, projectId: missing })
    expect([validated, scoped, listed, pruned, revoked, created]).toHaveLength(6)
  })
})

describe("an id that is none", () => {
  it("is refused also before any id was seen", async () => {
    const { plaintext } = await client.createKey({ organizationId })
    for (const name of owners) {
      for (const none of ["", " ", "x", 0, false, [], {}]) {
        const options = { [name]: none } as never
        for (const key of [plaintext, "nonsense"]) {
          expect(client.tryValidateKey(key, options), name).toBeInstanceOf(InvalidInputError)
          expect(await refused(() => client.validateKey(key, options)), name).toBeInstanceOf(InvalidInputError)
        }
        expect(await refused(() => client.listKeys(options)), name).toBeInstanceOf(InvalidInputError)
      }
    }
    for (const none of ["", [""], [" "], ["*", ""], [null]]) {
      expect(client.tryValidateKey(plaintext, { requiredScopes: none as never })).toBeInstanceOf(InvalidInputError)
    }
    expect(await refused(() => client.validateKey("nonsense", { organizationId }))).toBeInstanceOf(InvalidKeyError)
  })
})
