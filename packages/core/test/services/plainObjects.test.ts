import { runInNewContext } from "node:vm"
import { Effect, Exit, Layer, ManagedRuntime, Redacted, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  ApiKeyClient,
  ApiKeys,
  InvalidInputError,
  KeyVerifier,
  MemoryStore,
  pythonKeys,
  type Store,
  Tenants
} from "../../src/index.js"

const settings = { signingSecret: "0123456789abcdef0123456789abcdef", keyPrefix: "myapp" }

/** Objects that have what is asked of them, though not as members of their own, or not in a way that one can rely on. */
const unplain = (good: object): ReadonlyArray<readonly [string, object]> => {
  class WithGetters {}
  for (const [name, value] of Object.entries(good)) {
    Object.defineProperty(WithGetters.prototype, name, { get: () => value, enumerable: true })
  }
  return [
    ["a promise", Promise.resolve(good)],
    ["a map", new Map(Object.entries(good))],
    ["a class with getters", new WithGetters()],
    ["a class with fields", Object.assign(new (class Options {})(), good)],
    ["what inherits from defaults", Object.create(good)],
    ["a literal that inherits", { __proto__: good }],
    ["what inherits from an object without a prototype", Object.create(Object.assign(Object.create(null), good))],
    ["a date", Object.assign(new Date(), good)],
    ["an error", Object.assign(new Error("x"), good)]
  ]
}

const plain = (good: object): ReadonlyArray<object> => [
  good,
  { ...good },
  Object.freeze({ ...good }),
  Object.assign(Object.create(null), good),
  Object.assign(runInNewContext("({})"), good)
]

/** Each operation that takes an object, and such an object. The others take none. */
const id = "0197721d-3c80-7000-8000-000000000000"
const named = { organizationId: id, name: "x" }
const link = { projectId: id, productId: id }
const digest = { algorithm: "sha256", hex: "ab".repeat(32) }
const imported = { organizationId: id, digest }

type Calls<Service> = Readonly<
  Record<string, readonly [good: object, call: (service: Service, given: never) => unknown]>
>

const tenants: Calls<typeof Tenants.Service> = {
  createOrganization: [{ name: "x" }, (of, given) => of.createOrganization(given)],
  getOrCreateOrganization: [{ name: "x" }, (of, given) => of.getOrCreateOrganization(given)],
  getOrganizationByName: [{ name: "x" }, (of, given) => of.getOrganizationByName(given)],
  listOrganizations: [{ limit: 1 }, (of, given) => of.listOrganizations(given)],
  renameOrganization: [{ name: "x" }, (of, given) => of.renameOrganization(id, given)],
  createProject: [named, (of, given) => of.createProject(given)],
  getOrCreateProject: [named, (of, given) => of.getOrCreateProject(given)],
  getProjectByName: [named, (of, given) => of.getProjectByName(given)],
  listProjects: [{ organizationId: id }, (of, given) => of.listProjects(given)],
  renameProject: [{ name: "x" }, (of, given) => of.renameProject(id, given)],
  createProduct: [named, (of, given) => of.createProduct(given)],
  getOrCreateProduct: [named, (of, given) => of.getOrCreateProduct(given)],
  getProductByName: [named, (of, given) => of.getProductByName(given)],
  listProducts: [{ organizationId: id }, (of, given) => of.listProducts(given)],
  renameProduct: [{ name: "x" }, (of, given) => of.renameProduct(id, given)],
  addProductToProject: [link, (of, given) => of.addProductToProject(given)],
  removeProductFromProject: [link, (of, given) => of.removeProductFromProject(given)],
  listProductsOfProject: [{ projectId: id }, (of, given) => of.listProductsOfProject(given)],
  importOrganization: [{ id, name: "x" }, (of, given) => of.importOrganization(given)],
  importProject: [{ id, ...named }, (of, given) => of.importProject(given)],
  importProduct: [{ id, ...named }, (of, given) => of.importProduct(given)]
}

const ofAnId = ["getOrganization", "deleteOrganization", "getProject", "deleteProject", "getProduct", "deleteProduct"]

const keys: Calls<typeof ApiKeys.Service> = {
  createKey: [{ organizationId: id }, (of, given) => of.createKey(given)],
  listKeys: [{ organizationId: id }, (of, given) => of.listKeys(given)],
  allKeys: [{ organizationId: id }, (of, given) => Stream.runDrain(of.allKeys(given))],
  updateKey: [{ name: "x" }, (of, given) => of.updateKey(id, given)],
  revokeKey: [{ reason: "x" }, (of, given) => of.revokeKey(id, given)],
  revokeKeys: [{ organizationId: id }, (of, given) => of.revokeKeys(given)],
  disableKey: [{ reason: "x" }, (of, given) => of.disableKey(id, given)],
  rotateKey: [{ overlap: 1 }, (of, given) => of.rotateKey(id, given)],
  pruneKeys: [{ organizationId: id, revokedBefore: new Date(0) }, (of, given) => of.pruneKeys(given)],
  importKey: [imported, (of, given) => of.importKey(given)],
  importKeys: [{ batchSize: 1 }, (of, given) => of.importKeys(Stream.empty, given)]
}

const ofNoObject = [
  ...["getKey", "enableKey", "deleteKey", "getLimits", "resetLimits"],
  ...["signingSecretReport", "redact", "health", "keyPattern"]
]

const verifier: Calls<typeof KeyVerifier.Service> = {
  verifyKey: [{ trackUsage: false }, (of, given) => of.verifyKey(Redacted.make("x"), given)],
  validateKey: [{ organizationId: id }, (of, given) => of.validateKey(Redacted.make("x"), given)],
  attempt: [{ organizationId: id }, (of, given) => of.attempt("x", given)],
  complete: [
    { organizationId: id },
    (of, given) =>
      Effect.async<unknown, unknown>((resume) =>
        of.complete(
          "x",
          given,
          (answer) => resume(answer),
          () => true
        )
      )
  ]
}

/** What the client does beside what the services do, or in another form. */
const client: Calls<ApiKeyClient> = {
  ...(tenants as unknown as Calls<ApiKeyClient>),
  ...(keys as unknown as Calls<ApiKeyClient>),
  allKeys: [{ organizationId: id }, (of, given) => of.allKeys(given).next()],
  importKeys: [{ batchSize: 1 }, (of, given) => of.importKeys([], given)],
  verifyKey: [{ trackUsage: false }, (of, given) => of.verifyKey("x", given)],
  validateKey: [{ organizationId: id }, (of, given) => of.validateKey("x", given)],
  tryValidateKey: [{ organizationId: id }, (of, given) => of.tryValidateKey("x", given)]
}

const services = ManagedRuntime.make(ApiKeys.layer(settings).pipe(Layer.provide(MemoryStore.layer)))
let opened: ApiKeyClient
beforeAll(async () => {
  opened = await ApiKeyClient.open({ ...settings, store: MemoryStore.layer })
})
afterAll(async () => {
  await opened.close()
  await services.dispose()
})

/** What a call fails with, returns as an error, or rejects with; `null` where it does none of these. */
const errorOf = async (call: () => unknown): Promise<unknown> => {
  try {
    const answer = call()
    if (Effect.isEffect(answer)) {
      const exit = await services.runPromiseExit(Effect.flip(answer as Effect.Effect<unknown, unknown, never>))
      return Exit.isSuccess(exit) ? exit.value : null
    }
    const settled = await answer
    return settled instanceof Error ? settled : null
  } catch (error) {
    return error
  }
}

const expectRefused = (error: unknown, path: string, what: string): void => {
  expect(error, what).toBeInstanceOf(InvalidInputError)
  expect((error as InvalidInputError).issues, what).toEqual([{ path, rule: "is not a plain object" }])
}

const faces = [
  ["Tenants", () => services.runPromise(Tenants), tenants, ofAnId],
  ["ApiKeys", () => services.runPromise(ApiKeys), keys, ofNoObject],
  ["KeyVerifier", () => services.runPromise(KeyVerifier), verifier, ["flush"]],
  ["ApiKeyClient", async () => opened, client, [...ofAnId, ...ofNoObject, "close"]]
] as unknown as ReadonlyArray<readonly [string, () => Promise<object>, Calls<object>, ReadonlyArray<string>]>

const membersOf = (service: object): ReadonlyArray<string> => {
  const names = new Set(Object.keys(service))
  for (
    let at = Object.getPrototypeOf(service);
    at !== Object.prototype && at !== null;
    at = Object.getPrototypeOf(at)
  ) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== "constructor") names.add(name)
  }
  return [...names].sort()
}

describe.each(faces)("%s", (_, serviceOf, calls, others) => {
  it("is looked at in all of its operations", async () => {
    expect(membersOf(await serviceOf())).toEqual([...Object.keys(calls), ...others].sort())
  })

  it.each(Object.keys(calls))("refuses what is not a plain object: %s", async (operation) => {
    const service = await serviceOf()
    const [good, call] = calls[operation] as Calls<object>[string]
    for (const [what, given] of unplain(good)) {
      expectRefused(await errorOf(() => call(service, given as never)), "", what)
    }
    for (const given of plain(good)) {
      expect(await errorOf(() => call(service, given as never))).not.toBeInstanceOf(InvalidInputError)
    }
  })
})

describe("objects inside of objects", () => {
  const limit = { requests: 1, window: "minute" }
  const form = { head: "old_", alphabet: "hex", length: 32 }

  it("are plain as well", async () => {
    for (const [what, given] of unplain(limit)) {
      const created = () => opened.createKey({ organizationId: id, rateLimits: [limit, given] as never })
      expectRefused(await errorOf(created), "rateLimits.1", what)
    }
    for (const [what, given] of unplain(digest)) {
      expectRefused(await errorOf(() => opened.importKey({ ...imported, digest: given } as never)), "digest", what)
    }
    for (const [what, given] of unplain({ plan: "pro" })) {
      const created = await errorOf(() => opened.createKey({ organizationId: id, metadata: { given } as never }))
      expect(created, what).toMatchObject({ issues: [{ path: "metadata" }] })
    }
  })

  it("are plain among the options of a client", async () => {
    const open = (more: object) =>
      ApiKeyClient.open({ ...settings, store: MemoryStore.layer as unknown as Store, ...more } as never)
    for (const [what, given] of unplain({ capacity: 10 })) {
      expectRefused(await errorOf(() => open({ cache: given })), "cache", what)
    }
    for (const [what, given] of unplain({ interval: 10 })) {
      expectRefused(await errorOf(() => open({ usageFlush: given })), "usageFlush", what)
    }
    for (const [what, given] of unplain(form)) {
      expectRefused(await errorOf(() => open({ acceptForeignKeys: [given] })), "acceptForeignKeys.0", what)
    }
  })
})

describe("the options of", () => {
  const options = { ...settings, store: MemoryStore.layer }

  it("a client that is opened, and of its closing, are plain", async () => {
    const one = await ApiKeyClient.open(Object.assign(Object.create(null), options))
    for (const [what, given] of unplain(options)) {
      expectRefused(await errorOf(() => ApiKeyClient.open(given as never)), "", what)
    }
    for (const [what, given] of unplain({ timeout: 1 })) {
      expectRefused(await errorOf(() => one.close(given as never)), "", what)
    }
    expect(await errorOf(() => one.close({ timeout: -1 }))).toBeInstanceOf(InvalidInputError)
    expect(await one.close(Object.freeze({ timeout: 1000 }))).toEqual({ unflushedUses: 0 })
  })

  it("the services, and of forms of foreign keys, are plain", async () => {
    for (const [what, given] of unplain(settings)) {
      const layer = ApiKeys.layer(given as never).pipe(Layer.provide(MemoryStore.layer))
      expectRefused(await errorOf(() => Effect.scoped(Layer.build(layer))), "", what)
    }
    for (const [what, given] of unplain({ prefix: "sk" })) {
      expect(() => pythonKeys(given as never), what).toThrow(TypeError)
    }
  })
})
