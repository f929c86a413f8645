import { FastCheck as fc } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import { InvalidInputError, InvalidKeyError, NotFoundError } from "../../domain/Errors.js"
import { makeAcme } from "./clientFixtures.js"

type Outcome = abstract new (...args: never) => Error

/** The call succeeds, or rejects with one of these. */
const only = async (call: () => Promise<unknown>, ...errors: ReadonlyArray<Outcome>): Promise<void> => {
  try {
    await call()
  } catch (error) {
    if (!errors.some((known) => error instanceof known)) throw error
  }
}

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 600 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.constantFrom("", " ", "\u0000", "\ud800", "__proto__", "'; drop table apikeys_keys; --", "%", "é", "e\u0301")
)

const anyValue = fc.oneof(anyText, fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }))

const check = <A>(arbitrary: fc.Arbitrary<A>, test: (value: A) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, test), { numRuns: 100 })

export const clientFuzz = (openClient: () => Promise<ApiKeyClient>): void => {
  let client: ApiKeyClient
  beforeAll(async () => {
    client = await openClient()
  })
  afterAll(() => client.close())
  const withClient = (test: (client: ApiKeyClient) => Promise<void>) => () => test(client)

  it(
    "takes anything as a key",
    withClient((client) => check(anyValue, (value) => only(() => client.verifyKey(value as never), InvalidKeyError)))
  )

  it(
    "takes anything as an id",
    withClient((client) =>
      check(anyValue, (value) => only(() => client.getKey(value as never), InvalidInputError, NotFoundError))
    )
  )

  it(
    "takes anything as a name, and keeps what it accepts",
    withClient(async (client) => {
      const { id: organizationId } = await makeAcme(client)
      await check(anyValue, async (value) => {
        const name = value as never
        await only(async () => {
          const [project] = await client.getOrCreateProject({ organizationId, name })
          expect(project.name).toBe(String(value).trim())
          expect(await client.getProjectByName({ organizationId, name })).toEqual(project)
        }, InvalidInputError)
      })
    })
  )

  it(
    "takes anything as scopes, limits and metadata, and keeps what it accepts",
    withClient(async (client) => {
      const { id: organizationId } = await makeAcme(client)
      await check(fc.tuple(anyValue, fc.jsonValue()), async ([value, json]) => {
        await only(() => client.createKey({ organizationId, scopes: [value] as never }), InvalidInputError)
        await only(() => client.createKey({ organizationId, rateLimits: value as never }), InvalidInputError)
        await only(() => client.createKey({ organizationId, expiresAt: value as never }), InvalidInputError)
        await only(async () => {
          const { key } = await client.createKey({ organizationId, metadata: { json } as never })
          expect((await client.getKey(key.id)).metadata).toEqual(JSON.parse(JSON.stringify({ json })))
        }, InvalidInputError)
        await only(() => client.createKey({ organizationId, metadata: value as never }), InvalidInputError)
      })
    })
  )

  it(
    "takes anything as a cursor, a filter or options",
    withClient(async (client) => {
      const { id: organizationId } = await makeAcme(client)
      await check(anyValue, async (value) => {
        const any = value as never
        await only(() => client.listKeys({ organizationId, cursor: any }), InvalidInputError)
        await only(() => client.listKeys(any), InvalidInputError, NotFoundError)
        await only(() => client.validateKey("nonsense", any), InvalidInputError, InvalidKeyError)
        await only(() => client.createKey(any), InvalidInputError, NotFoundError)
      })
    })
  )
}
