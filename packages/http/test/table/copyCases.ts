import { ApiKeyError, InvalidKeyError } from "@apikeys/core"
import { assert, vi } from "vitest"
import { bearer, type Case } from "./Case.js"
import { expiredAt } from "./World.js"

/** What a process loads that has two copies of core: an application's own, and that of a dependency. */
const anotherCopy = async () => {
  vi.resetModules()
  const copy = await import("@apikeys/core")
  assert.notStrictEqual(copy.InvalidKeyError, InvalidKeyError)
  return copy
}

/** Refusals of a client of another copy of core, whose classes are not those that guards know. */
export const copyCases: ReadonlyArray<Case> = [
  {
    name: "refusals of another copy's client are answered as refusals",
    scene: async () => {
      const copy = await anotherCopy()
      const client = await copy.ApiKeyClient.open({
        store: copy.MemoryStore.layer,
        signingSecret: "of no use but for this very test: 0123456789",
        keyPrefix: "myapp"
      })
      const { id: organizationId } = await client.createOrganization({ name: "Acme Inc" })
      const good = await client.createKey({ organizationId, rateLimits: [{ requests: 1, window: "minute" }] })
      const revoked = await client.createKey({ organizationId })
      await client.revokeKey(revoked.key.id)
      const scoped = await client.createKey({ organizationId, scopes: ["read"] })
      const step = (plaintext: string, status: number, headers: Readonly<Record<string, string>> = {}) => ({
        headers: [bearer(plaintext), ["X-Scope", plaintext === scoped.plaintext ? "write" : ""]] as const,
        expected: { status, headers }
      })
      return {
        guards: [
          {
            client,
            requiredScopes: ({ headers }) => [headers["x-scope"] ?? []].flat().filter((scope) => scope !== ""),
            failureLimit: { requests: 2, window: "minute" }
          }
        ],
        steps: [
          step(good.plaintext, 200),
          step(good.plaintext, 429, { "retry-after": "44" }),
          step(revoked.plaintext, 403),
          step(scoped.plaintext, 403, {
            "www-authenticate": 'Bearer realm="api", error="insufficient_scope", scope="write"'
          }),
          step("nonsense", 401),
          step("nonsense", 401),
          step("nonsense", 429)
        ],
        afterwards: async () => {
          await client.close()
          const failed = await client.getKey(good.key.id).catch((error: unknown) => error)
          assert.isFalse(failed instanceof InvalidKeyError)
          assert.isTrue(failed instanceof ApiKeyError)
        }
      }
    }
  },
  {
    name: "errors of another copy that routes let through are problems",
    scene: async (world) => {
      const copy = await anotherCopy()
      const { key, plaintext } = await world.createKey()
      return {
        handler: () => {
          throw new copy.ExpiredKeyError({ keyId: copy.KeyId.make(key.id), expiredAt })
        },
        steps: [{ headers: [bearer(plaintext)], expected: { status: 401, headers: { "cache-control": "no-store" } } }]
      }
    }
  },
  {
    name: "what only looks like an error of this library is none",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        handler: () => {
          throw Object.assign(new Error("expired"), { _tag: "ExpiredKeyError", code: "expired_key" })
        },
        steps: [{ headers: [bearer(plaintext)], expected: { status: 500 } }]
      }
    }
  }
]
