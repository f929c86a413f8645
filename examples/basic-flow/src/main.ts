import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  AlreadyExistsError,
  ApiKeyClient,
  ApiKeyError,
  DisabledKeyError,
  ExpiredKeyError,
  InsufficientScopeError,
  InUseError,
  InvalidInputError,
  InvalidKeyError,
  KeyNotAllowedError,
  NotFoundError,
  QuotaError,
  RevokedKeyError
} from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"
import { chapter, refused, say } from "./print.js"

const folder = await mkdtemp(join(tmpdir(), "apikeys-"))
const store = SqliteStore.layer({ filename: join(folder, "demo.db") })
const signingSecret = process.env.APIKEYS_SIGNING_SECRET ?? randomBytes(32).toString("hex")

const client = await ApiKeyClient.open({ store, signingSecret, keyPrefix: "myapp", environment: "live" })

chapter("Who keys belong to")
const [organization, created] = await client.getOrCreateOrganization({ name: "Acme Inc" })
say("organization", `${organization.name} (${created ? "created" : "found"})`)
const [, again] = await client.getOrCreateOrganization({ name: "Acme Inc" })
say("on the next deploy", again ? "created" : "found, and nothing was written")
const organizationId = organization.id
const [project] = await client.getOrCreateProject({ organizationId, name: "Website" })
const [weather] = await client.getOrCreateProduct({ organizationId, name: "Weather API" })
const [maps] = await client.getOrCreateProduct({ organizationId, name: "Maps API" })
await client.addProductToProject({ projectId: project.id, productId: weather.id })
const linked = await client.listProductsOfProject({ projectId: project.id })
say("the project may use", linked.items.map((product) => product.name).join(", "))
await refused("a second Acme Inc", AlreadyExistsError, () => client.createOrganization({ name: "Acme Inc" }))

chapter("Issue a key")
const { key, plaintext } = await client.createKey({
  organizationId,
  projectId: project.id,
  name: "Alice's key",
  scopes: ["forecast:*"],
  rateLimits: [
    { name: "burst", requests: 3, window: "minute", algorithm: "token-bucket" },
    { name: "daily", requests: 1000, window: "day" }
  ],
  metadata: { userId: "u_alice", plan: "pro" }
})
say("plaintext, shown this once", `${key.hint.slice(0, -1)}${"•".repeat(8)}`)
say("in a log line", client.redact(`GET /forecast with ${plaintext}`))
const order = { organizationId, name: "From a retried request", idempotencyKey: "order-4711" }
const first = await client.createKey(order)
const retried = await client.createKey(order)
say("the same request, retried", first.key.id === retried.key.id ? "one key, no second plaintext" : "two keys!")

chapter("Validate it")
const question = { productId: weather.id, requiredScopes: ["forecast:read"] }
const validated = await client.validateKey(plaintext, question)
say("who is it", `${validated.key.metadata.userId} on the ${validated.key.metadata.plan} plan`)
say("uses, this one included", validated.key.useCount)
for (const { name, remaining, requests } of validated.limits) say(`left of ${name}`, `${remaining} of ${requests}`)
await refused("a product that is not linked", KeyNotAllowedError, () =>
  client.validateKey(plaintext, { productId: maps.id })
)
await refused("a scope that it lacks", InsufficientScopeError, () =>
  client.validateKey(plaintext, { requiredScopes: ["billing:read"] })
)
await refused("a mistyped key", InvalidKeyError, () => client.validateKey(`${plaintext.slice(0, -1)}-`))
await refused("a key of the test environment", InvalidKeyError, () =>
  client.verifyKey(plaintext.replace("_live_", "_test_"))
)

chapter("Limit it")
let admitted = 0
const exhausted = await (async () => {
  for (;;) {
    try {
      await client.validateKey(plaintext, question)
      admitted++
    } catch (error) {
      if (error instanceof QuotaError) return error
      throw error
    }
  }
})()
say("admitted at once", `${admitted} more`)
say("then refused", `${exhausted.message}; refused calls cost nothing`)
await client.resetLimits(key.id)
const [burst] = await client.getLimits(key.id)
say("after support reset it", `${burst?.remaining} of ${burst?.requests}`)

chapter("Change it")
const updated = await client.updateKey(key.id, {
  name: null,
  rateLimits: [{ requests: 100, window: "hour", algorithm: "sliding-window" }],
  metadata: { userId: "u_alice", plan: "enterprise" }
})
say("now", `${updated.rateLimits[0]?.requests} an hour, on the ${updated.metadata.plan} plan, nameless`)
say("the scopes were left alone", updated.scopes.join(" "))

chapter("Find keys")
for (let n = 1; n <= 5; n++) await client.createKey({ organizationId, name: `Batch ${n}` })
const page = await client.listKeys({ organizationId, limit: 3 })
say("the newest three", page.items.map(({ name }) => name).join(", "))
const next = await client.listKeys({ organizationId, limit: 3, cursor: page.nextCursor })
say("and then", next.items.map(({ name }) => name ?? "(nameless)").join(", "))
let total = 0
for await (const each of client.allKeys({ organizationId })) if (each.status === "active") total++
say("active in all", total)

chapter("Keep it for years")
const rotated = await client.rotateKey(key.id, { overlap: "24 hours" })
const { supersededUntil } = await client.verifyKey(plaintext)
say("the old plaintext works until", supersededUntil?.toISOString() ?? null)
say(
  "the new one belongs to",
  (await client.verifyKey(rotated.plaintext)).key.id === key.id ? "the same key" : "another"
)
await client.disableKey(key.id, { reason: "unpaid" })
await refused("a disabled key", DisabledKeyError, () => client.verifyKey(rotated.plaintext))
say("enabled again, it is", (await client.enableKey(key.id)).status)
const { unservedKeys } = await client.signingSecretReport()
say("keys of another signing secret", unservedKeys)

chapter("End it")
const short = await client.createKey({ organizationId, expiresAt: new Date(Date.now() + 3_600_000) })
await client.updateKey(short.key.id, { expiresAt: new Date() })
await refused("a key after its expiry", ExpiredKeyError, () => client.verifyKey(short.plaintext))
await client.revokeKey(key.id, { reason: "Alice left" })
const twice = await client.revokeKey(key.id, { reason: "another reason" })
say("revoked; the record stays", twice.revokedReason)
await refused("a revoked key", RevokedKeyError, () => client.verifyKey(plaintext))
await refused("deleting a project with keys", InUseError, () => client.deleteProject(project.id))
say("deleted, of those that ended", await client.pruneKeys({ organizationId, expiredBefore: new Date() }))
await client.deleteKey(key.id)
await refused("a deleted key", InvalidKeyError, () => client.verifyKey(plaintext))
await refused("looking it up", NotFoundError, () => client.getKey(key.id))
await client.removeProductFromProject({ projectId: project.id, productId: weather.id })
await client.deleteProject(project.id)
say("keys revoked together", await client.revokeKeys({ organizationId, reason: "contract ended" }))

chapter("What goes wrong, says so")
await refused("a limit of nothing", InvalidInputError, () =>
  client.createKey({ organizationId, rateLimits: [{ requests: 0, window: "minute" }] })
)
const { healthy, latencyMillis } = await client.health()
say("the store", healthy ? `answers in ${latencyMillis.toFixed(2)} ms` : "does not answer")
const { unflushedUses } = await client.close()
say("closed; uses lost", unflushedUses)
await refused("a call after closing", ApiKeyError, () => client.getOrganization(organizationId))

await rm(folder, { recursive: true })
