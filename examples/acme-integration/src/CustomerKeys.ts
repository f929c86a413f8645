import { join } from "node:path"
import { ApiKeyClient, type KeyData, NotFoundError, type RateLimitStatus } from "@apikeys/core"
import { SqliteStore } from "@apikeys/store-sqlite"
import { Schema } from "effect"
import type { Customer, Customers } from "./Customers.js"
import { inTurn } from "./inTurn.js"
import { type PlanName, plans } from "./plans.js"
import { Refusal } from "./Refusal.js"
import type { Settings } from "./settings.js"

/** What is kept with each key, so that the API need not ask for the customer. */
const KeyMetadata = Schema.Struct({ customerId: Schema.String, plan: Schema.Literal("free", "pro") })
export type KeyMetadata = typeof KeyMetadata.Type

export type CustomerKey = KeyData<KeyMetadata>

/** Keys of customers: each customer is a project, and what it may do follows from its plan. */
export class CustomerKeys {
  readonly client: ApiKeyClient<KeyMetadata>
  readonly organizationId: string
  readonly productId: string
  readonly #customers: Customers

  private constructor(
    client: ApiKeyClient<KeyMetadata>,
    organizationId: string,
    productId: string,
    customers: Customers
  ) {
    this.client = client
    this.organizationId = organizationId
    this.productId = productId
    this.#customers = customers
  }

  static async open({ folder, signingSecret }: Settings, customers: Customers): Promise<CustomerKeys> {
    const client = await ApiKeyClient.open({
      store: SqliteStore.layer({ filename: join(folder, "keys.db") }),
      signingSecret,
      keyPrefix: "acme",
      metadataSchema: KeyMetadata
    })
    const [organization] = await client.getOrCreateOrganization({ name: "Acme Inc" })
    const [product] = await client.getOrCreateProduct({ organizationId: organization.id, name: "Random API" })
    return new CustomerKeys(client, organization.id, product.id, customers)
  }

  /** Newest first. */
  async list(customer: Customer): Promise<ReadonlyArray<CustomerKey>> {
    const keys: Array<CustomerKey> = []
    for await (const key of this.client.allKeys({ projectId: await this.#projectOf(customer.id) })) keys.push(key)
    return keys
  }

  limits(key: CustomerKey): Promise<ReadonlyArray<RateLimitStatus>> {
    return this.client.getLimits(key.id)
  }

  /**
   * A new key.
   *
   * @param form names the form that asks for it: one that is sent twice makes one key
   * @returns its plaintext, which is told this once; `null` where the form had it already
   */
  create(customer: Customer, name: string, form: string): Promise<string | null> {
    return inTurn(customer.id, async () => {
      const { maxKeys } = plans[this.#planOf(customer.id)]
      const active = (await this.list(customer)).filter(({ status }) => status === "active")
      if (active.length >= maxKeys) throw new Refusal(409, `Your plan has ${maxKeys} active keys at most.`)
      // Idempotency keys are shared by an organization: with the customer's id in it, none is another customer's.
      return this.#issue(customer.id, name, `${customer.id}:${form}`)
    })
  }

  /** A new key in place of one that leaked, which ends at once. The new key's limits start afresh. */
  replace(customer: Customer, id: string): Promise<string | null> {
    return inTurn(customer.id, async () => {
      const leaked = await this.#own(customer, id)
      if (leaked.status !== "active") throw new Refusal(409, "This key has ended already.")
      // In this order: were this process to die in between, the customer would have a key too many, and not none.
      const plaintext = await this.#issue(customer.id, leaked.name)
      await this.client.revokeKey(leaked.id, { reason: "leaked, and replaced" })
      return plaintext
    })
  }

  async revoke(customer: Customer, id: string): Promise<void> {
    const { id: own } = await this.#own(customer, id)
    await this.client.revokeKey(own, { reason: "revoked by the customer" })
  }

  /** Another plan, for the keys that are out there as well: their plaintexts stay. Safe to repeat, if it failed half way. */
  changePlan(customer: Customer, plan: PlanName): Promise<void> {
    return inTurn(customer.id, async () => {
      this.#customers.setPlan(customer.id, plan)
      const { rateLimits, scopes } = plans[plan]
      for (const key of await this.list(customer)) {
        if (key.status !== "active") continue
        await this.client.updateKey(key.id, { scopes, rateLimits, metadata: { customerId: customer.id, plan } })
      }
    })
  }

  async #issue(customerId: string, name: string | null, idempotencyKey?: string): Promise<string | null> {
    const plan = this.#planOf(customerId)
    const { rateLimits, scopes } = plans[plan]
    const key = {
      organizationId: this.organizationId,
      projectId: await this.#projectOf(customerId),
      productId: this.productId,
      name,
      scopes,
      rateLimits,
      metadata: { customerId, plan }
    }
    const { plaintext } =
      idempotencyKey === undefined
        ? await this.client.createKey(key)
        : await this.client.createKey({ ...key, idempotencyKey })
    return plaintext
  }

  /** An id comes from the browser: whose key it names is to be asked each time. */
  async #own(customer: Customer, id: string): Promise<CustomerKey> {
    const key = await this.client.getKey(id)
    if (key.projectId !== (await this.#projectOf(customer.id))) throw new NotFoundError({ entity: "key", id: key.id })
    return key
  }

  /** As it is now: the request may have waited for its turn. */
  #planOf(customerId: string): PlanName {
    return this.#customers.get(customerId)?.plan ?? "free"
  }

  async #projectOf(customerId: string): Promise<string> {
    const [{ id }] = await this.client.getOrCreateProject({ organizationId: this.organizationId, name: customerId })
    await this.client.addProductToProject({ projectId: id, productId: this.productId })
    return id
  }
}
