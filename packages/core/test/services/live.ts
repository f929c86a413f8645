import { Effect, Layer } from "effect"
import {
  ApiKeys,
  type ApiKeysOptions,
  type CreateKeyInput,
  MemoryStore,
  type StoreLayer,
  Tenants
} from "../../src/index.js"

export const signingSecret = "0123456789abcdef0123456789abcdef"

/** The services over a store in memory, which every use has to itself, or over another. */
export const live = (options?: Partial<ApiKeysOptions>, store: StoreLayer = MemoryStore.layer) =>
  ApiKeys.layer({ signingSecret, keyPrefix: "myapp", ...options }).pipe(Layer.provideMerge(store))

/** A key of an organization of its own. */
export const issueKey = (fields: Omit<CreateKeyInput, "organizationId"> = {}) =>
  Effect.gen(function* () {
    const tenants = yield* Tenants
    const keys = yield* ApiKeys
    const [{ id }] = yield* tenants.getOrCreateOrganization({ name: "Acme Inc" })
    return yield* keys.createKey({ ...fields, organizationId: id })
  })
