import { Effect, Stream } from "effect"
import type { Metadata } from "../domain/Metadata.js"
import { isPlainObject } from "../domain/PlainObject.js"
import { ApiKeys } from "../services/ApiKeys.js"
import type { ApiKeysService, ImportKeysEffects } from "../services/keys/ApiKeysService.js"
import type { ImportKeyOptions, ImportProgress } from "../services/keys/ImportKeys.js"
import { Tenants } from "../services/Tenants.js"
import type { ImportInOrganizationInput, ImportOrganizationInput } from "../services/tenants/TenantInput.js"
import type { ClientRuntime } from "./ClientRuntime.js"
import type { OrganizationData, ProductData, ProjectData } from "./ClientTypes.js"
import type { ImportedKeyData, ImportKeyData, ImportKeysOptions } from "./ImportTypes.js"
import { plainKey, plainOrganization, plainOwned } from "./plain.js"

/** What a client does to take over keys, and whom they belong to, from elsewhere. */
export abstract class ClientImports<M = Metadata> {
  readonly #runtime: ClientRuntime

  /** @internal */
  constructor(runtime: ClientRuntime) {
    this.#runtime = runtime
  }

  /**
   * Takes over an organization under its own id, and `true` where it is new. One that is there under this id is returned
   * as it is, whatever its name is by now; the name of another is `AlreadyExistsError`.
   */
  importOrganization(
    input: ImportOrganizationInput
  ): Promise<readonly [organization: OrganizationData, created: boolean]> {
    const call = Effect.flatMap(Tenants, (tenants) => tenants.importOrganization(input))
    return this.#runtime.run(
      "importOrganization",
      Effect.map(call, ([organization, created]) => [plainOrganization(organization), created] as const)
    )
  }

  /** Takes over a project under its own id, as {@link importOrganization} does. */
  importProject(input: ImportInOrganizationInput): Promise<readonly [project: ProjectData, created: boolean]> {
    const call = Effect.flatMap(Tenants, (tenants) => tenants.importProject(input))
    return this.#runtime.run(
      "importProject",
      Effect.map(call, ([project, created]) => [plainOwned(project), created] as const)
    )
  }

  /** Takes over a product under its own id, as {@link importOrganization} does. */
  importProduct(input: ImportInOrganizationInput): Promise<readonly [product: ProductData, created: boolean]> {
    const call = Effect.flatMap(Tenants, (tenants) => tenants.importProduct(input))
    return this.#runtime.run(
      "importProduct",
      Effect.map(call, ([product, created]) => [plainOwned(product), created] as const)
    )
  }

  /**
   * Takes over a key that was issued elsewhere, without issuing it anew. Importing it once more finds it, and writes
   * nothing. To be verified, its plaintext must be of a form that the client accepts: see `acceptForeignKeys`.
   */
  importKey(input: ImportKeyData<M>, options?: ImportKeyOptions): Promise<ImportedKeyData<M>> {
    const call = Effect.flatMap(this.#keys, (keys) => keys.importKey(input, options))
    return this.#runtime.run(
      "importKey",
      Effect.map(call, ({ created, key }) => Object.freeze({ key: plainKey(key), created }))
    )
  }

  /**
   * Imports as many keys as there are, in bounded memory: a transaction for each batch of them. What is refused stops
   * none of the others, unless more are refused than `maxRefused`. What the source or a callback throws ends the import, and is
   * what the promise rejects with; closing the client ends it too. An import that failed half way may be run again from its
   * beginning.
   *
   * @example
   * ```ts
   * const { imported, refused } = await client.importKeys(rows, {
   *   onRefused: ({ index, issues }) => console.warn(index, issues)
   * })
   * ```
   */
  importKeys(
    inputs: AsyncIterable<ImportKeyData<M>> | Iterable<ImportKeyData<M>>,
    options?: ImportKeysOptions
  ): Promise<ImportProgress> {
    const call = Effect.flatMap(this.#keys, (keys) => keys.importKeys(streamOf(inputs), effectsOf(options)))
    return this.#runtime.runUntilClosed(
      "importKeys",
      Effect.map(call, (progress) => Object.freeze({ ...progress }))
    )
  }

  get #keys() {
    return Effect.map(ApiKeys, (service) => service as unknown as ApiKeysService<M>)
  }
}

/** What was thrown, as it was. */
const same = (thrown: unknown): unknown => thrown

const calling =
  <A>(callback: (told: A) => unknown) =>
  (told: A): Effect.Effect<unknown, unknown> =>
    Effect.tryPromise({ try: async () => callback(told), catch: same })

/** The same options, with callbacks that are effects. What is none is left as it is, for the import to refuse. */
const effectsOf = (options: ImportKeysOptions | undefined) => {
  const given: unknown = options ?? {}
  if (!isPlainObject(given)) return given as ImportKeysEffects<unknown>
  const callbacks = Object.entries(given).map(([name, value]) => [
    name,
    typeof value === "function" ? calling(value as (told: unknown) => unknown) : value
  ])
  return Object.fromEntries(callbacks) as ImportKeysEffects<unknown>
}

/** As many as are taken from a source at a time: a step of a stream costs more than one of an iterator. */
const piece = 256

const pieces = async function* <A>(inputs: AsyncIterable<A> | Iterable<A>) {
  let taken: Array<A> = []
  for await (const input of inputs) {
    if (taken.push(input) < piece) continue
    yield taken
    taken = []
  }
  if (taken.length > 0) yield taken
}

const streamOf = <A>(inputs: AsyncIterable<A> | Iterable<A>): Stream.Stream<A, unknown> =>
  Stream.mapConcat(Stream.fromAsyncIterable(pieces(inputs), same), (taken) => taken)
