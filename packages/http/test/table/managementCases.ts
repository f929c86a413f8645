import { ApiKeyError } from "@apikeys/core"
import { noStore } from "@apikeys/http"
import { bearer, type Case, problem, type Scene } from "./Case.js"
import type { World } from "./World.js"

const headers = { "content-type": "application/problem+json", "cache-control": "no-store", "www-authenticate": null }

/** What a route's own call of the client ends in. */
const fails = (
  name: string,
  call: (world: World) => Promise<unknown>,
  expected: (world: World, error: ApiKeyError) => Scene["steps"][number]["expected"]
): Case => ({
  name,
  scene: async (world) => {
    const { plaintext } = await world.createKey()
    const error = await call(world).then(
      () => new Error("did not fail"),
      (thrown: unknown) => thrown
    )
    if (!(error instanceof ApiKeyError)) throw error
    return {
      handler: async () => {
        await call(world)
        return { body: {} }
      },
      steps: [{ headers: [bearer(plaintext)], expected: expected(world, error) }]
    }
  }
})

const absent = "00000000-0000-7000-8000-000000000000"

/** Errors that routes let through. */
export const managementCases: ReadonlyArray<Case> = [
  fails(
    "bad input",
    ({ client }) => client.createOrganization({ name: "  " }),
    () => ({
      status: 400,
      headers,
      body: problem(400, "invalid_input", "name is blank", { issues: [{ path: "name", rule: "is blank" }] })
    })
  ),
  fails(
    "not found",
    ({ client }) => client.getKey(absent),
    () => ({
      status: 404,
      headers,
      body: problem(404, "not_found", `There is no key ${absent}`, { entity: "key", id: absent })
    })
  ),
  fails(
    "already exists",
    ({ client, organizationId }) => client.createProject({ organizationId, name: "v1" }),
    ({ projectId }) => ({
      status: 409,
      headers,
      body: problem(409, "already_exists", 'The project "v1" exists already', {
        entity: "project",
        existingName: "v1",
        existingId: projectId
      })
    })
  ),
  fails(
    "an organization that already exists is another tenant, whose id is not told",
    ({ client }) => client.createOrganization({ name: "Another Inc" }),
    () => ({
      status: 409,
      headers,
      body: problem(409, "already_exists", 'The organization "Another Inc" exists already', {
        entity: "organization",
        existingName: "Another Inc"
      })
    })
  ),
  fails(
    "in use",
    ({ client, organizationId }) => client.deleteOrganization(organizationId),
    ({ organizationId }, error) => ({
      status: 409,
      headers,
      body: problem(409, "in_use", error.message, {
        entity: "organization",
        id: organizationId,
        keys: error._tag === "InUseError" ? error.keys : null
      })
    })
  ),
  fails(
    "an idempotency key with other input",
    async ({ client, organizationId }) => {
      const input = { organizationId, idempotencyKey: "order-1" }
      await client.createKey({ ...input, name: "Alice" })
      return client.createKey({ ...input, name: "Bob" })
    },
    (_, error) => ({
      status: 422,
      headers,
      body: problem(422, "idempotency_conflict", error.message, {
        existingId: error._tag === "IdempotencyConflictError" ? error.existingId : null
      })
    })
  ),
  fails(
    "a store that is down",
    ({ down }) => down.listKeys(),
    () => ({
      status: 503,
      headers: { ...headers, "retry-after": "5" },
      body: problem(503, "store_unavailable", "The service cannot answer right now")
    })
  ),
  {
    name: "an error of the application's own is left to it",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        handler: () => {
          throw new Error("out of order")
        },
        steps: [{ headers: [bearer(plaintext)], expected: { status: 500 } }]
      }
    }
  },
  {
    name: "a new key is told once, and not stored on the way",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        handler: async () => {
          const created = await world.createKey({ name: "Alice's key" })
          return { status: 201, headers: noStore, body: { name: created.key.name } }
        },
        steps: [
          {
            headers: [bearer(plaintext)],
            expected: { status: 201, headers: { "cache-control": "no-store" }, body: { name: "Alice's key" } }
          }
        ]
      }
    }
  }
]
