import { ApiKeyClient, type ApiKeyClientOptions, type RateLimitMode, type Store, type UsageMode } from "@apikeys/core"
import { Effect } from "effect"
import { type SpendInput, spend } from "./spending.js"
import { type UseInput, use } from "./using.js"
import { type VerifyInput, verify } from "./verifying.js"

export interface OpenInput {
  readonly address: string
  readonly rateLimits: RateLimitMode
  readonly usage: UsageMode
}

/** How every process opens its client, and the tests theirs. */
export const openClient = (
  store: Store,
  options: Pick<ApiKeyClientOptions, "cache" | "rateLimits" | "usage"> = {}
): Promise<ApiKeyClient> => ApiKeyClient.open({ store, signingSecret: "0123456789abcdef0123456789abcdef", ...options })

/** What a process with a client of its own can be asked to do. */
export const clientJobs = (open: (address: string) => Store) => {
  let opened: ApiKeyClient | null = null
  const withClient = <A>(job: (client: ApiKeyClient) => Promise<A>) =>
    Effect.promise(() => (opened === null ? Promise.reject(new Error("no client is open")) : job(opened)))

  return {
    open: ({ address, rateLimits, usage }: OpenInput) =>
      Effect.promise(async () => {
        await opened?.close()
        opened = await openClient(open(address), { rateLimits, usage })
      }),
    verify: (input: VerifyInput) => withClient((client) => verify(client, input)),
    spend: (input: SpendInput) => withClient((client) => spend(client, input)),
    use: (input: UseInput) => withClient((client) => use(client, input)),
    revokeKeys: (input: { readonly organizationId: string; readonly reason: string }) =>
      withClient((client) => client.revokeKeys(input)),
    close: (_: null) => withClient((client) => client.close())
  }
}

export type ClientJobs = ReturnType<typeof clientJobs>
