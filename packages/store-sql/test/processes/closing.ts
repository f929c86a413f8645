import { ApiKeyClient, type StoreLayer } from "@apikeys/core"

const closed = async (store: StoreLayer, millisIdle: number): Promise<number> => {
  const client = await ApiKeyClient.open({ store, signingSecret: "a signing secret of 0123456789abcdef, of letters" })
  await client.health()
  await new Promise((resolve) => setTimeout(resolve, millisIdle))
  const began = performance.now()
  await client.close()
  return performance.now() - began
}

/** A program that does nothing but close clients, and says how long that took. */
export const closeClients = async (open: (address: string) => StoreLayer): Promise<void> => {
  const address = process.env["APIKEYS_TEST_ADDRESS"] ?? ""
  const used = await closed(open(address), 0)
  const idle = await closed(open(address), 1000)
  process.stdout.write(`${JSON.stringify({ used, idle })}\n`)
}
