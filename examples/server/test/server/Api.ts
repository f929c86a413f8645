/** What a call was answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it, and fail where something is not there.
  readonly body: any
}

export interface Call {
  readonly key?: string | undefined
  readonly body?: unknown
  /** In the place of `body`, to the letter. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls a server, with an operator's key unless told otherwise. */
export const makeApi =
  (address: string, key: string | undefined) =>
  async (method: string, path: string, call: Call = {}): Promise<Answer> => {
    const presented = "key" in call ? call.key : key
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...(presented !== undefined && { "X-API-Key": presented }),
        ...(call.body !== undefined && { "Content-Type": "application/json" }),
        ...call.headers
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(call.text !== undefined && { body: call.text })
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) }
  }

export type Api = ReturnType<typeof makeApi>

/** A customer with a product, and a key of every scope. */
export const makeCustomer = async (api: Api, key: object = {}) => {
  const organization = await api("POST", "/v1/organizations", { body: { name: crypto.randomUUID() } })
  const organizationId: string = organization.body.id
  const product = await api("POST", `/v1/organizations/${organizationId}/products`, { body: { name: "Weather API" } })
  const project = await api("POST", `/v1/organizations/${organizationId}/projects`, { body: { name: "Website" } })
  const created = await api("POST", "/v1/keys", { body: { organizationId, scopes: ["*"], ...key } })
  return {
    organizationId,
    productId: product.body.id as string,
    projectId: project.body.id as string,
    keyId: created.body.key.id as string,
    plaintext: created.body.plaintext as string
  }
}

/** The organization and the product of operators. */
export const operatorsOf = async (api: Api) => {
  const products = await api("GET", "/v1/organizations")
  const { id: organizationId } = products.body.items.find(
    ({ name }: { readonly name: string }) => name === "apikeys-system"
  )
  const [product] = (await api("GET", `/v1/organizations/${organizationId}/products`)).body.items
  return { organizationId: organizationId as string, productId: product.id as string }
}
