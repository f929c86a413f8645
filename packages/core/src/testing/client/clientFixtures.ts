import { Encoding } from "effect"
import { expect } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import type { CreateKeyOptions } from "../../client/ClientTypes.js"
import type { ApiKeyError } from "../../domain/Errors.js"
import { uniqueName } from "../fixtures.js"

/** Gives the client under test, once the suite runs. */
export type OpenedClient = () => ApiKeyClient

/** An id of nothing. */
export const absentId = (): string => crypto.randomUUID()

/** An organization of the test's own. */
export const makeAcme = (client: ApiKeyClient) => client.createOrganization({ name: uniqueName() })

/** An organization with a project and a product; not linked. */
export const makeTenants = async (client: ApiKeyClient) => {
  const organization = await makeAcme(client)
  const organizationId = organization.id
  const project = await client.createProject({ organizationId, name: "Website" })
  const product = await client.createProduct({ organizationId, name: "Weather" })
  return { organizationId, projectId: project.id, productId: product.id }
}

/** A key of an organization of its own, which it is made with if it names none. */
export const issueKey = async (client: ApiKeyClient, options: Partial<CreateKeyOptions> = {}) => {
  const organizationId = options.organizationId ?? (await makeAcme(client)).id
  return client.createKey({ ...options, organizationId })
}

/** The promise rejects with an error of this class, which has these fields. Returns it. */
export const rejects = async <E extends ApiKeyError>(
  promise: Promise<unknown>,
  expected: abstract new (...args: never) => E,
  fields: Partial<Record<string, unknown>> = {}
): Promise<E> => {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error
  )
  expect(outcome, "it should have been refused").not.toBeNull()
  expect(outcome).toBeInstanceOf(expected)
  expect(outcome).toMatchObject(fields)
  return outcome as E
}

/** A key as another library issued it: its body is base64url, and may hold `_`. */
export const makeForeignKey = (environment = "live"): string => {
  const body = Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(32)))
  return `old_${environment}_a_-${body.slice(3)}`
}

/** SHA-256 by another hand than the library's. */
export const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))

/** HMAC-SHA256 under the UTF-8 bytes of a secret, by another hand than the library's. */
export const hmac = async (text: string, secret: string): Promise<Uint8Array> => {
  const utf8 = new TextEncoder()
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"])
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)))
}

/** Runs so many calls at once, and tells which fulfilled and which rejected. */
export const race = async <A>(count: number, call: (n: number) => Promise<A>) => {
  const results = await Promise.allSettled(Array.from({ length: count }, (_, n) => call(n)))
  return {
    fulfilled: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
    rejected: results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []))
  }
}
