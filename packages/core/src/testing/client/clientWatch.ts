import type { ApiKeyClient } from "../../client/ApiKeyClient.js"
import type { Capture } from "../capture.js"
import { hmac } from "./clientFixtures.js"

/** Watches clients, so that a suite can say that nothing they show is a secret. */
export interface ClientWatch {
  /** The same client; what its calls reject with is captured, and the plaintexts that they tell are remembered. */
  readonly over: (client: ApiKeyClient) => ApiKeyClient
  /** Every plaintext that was told, with its digest under a signing secret. */
  readonly secrets: (signingSecret: string) => Promise<ReadonlyArray<string | Uint8Array>>
}

const tellsPlaintext = (result: unknown): result is { readonly plaintext: string } =>
  typeof result === "object" && result !== null && "plaintext" in result && typeof result.plaintext === "string"

export const makeClientWatch = (capture: Capture): ClientWatch => {
  const plaintexts = new Set<string>()

  const watch = (call: unknown): unknown => {
    if (call instanceof Promise) {
      call.then(
        (result) => {
          if (tellsPlaintext(result)) plaintexts.add(result.plaintext)
          else capture.add("result", result)
        },
        (error) => capture.add("error", error)
      )
    }
    return call
  }

  /** What a call is given: a key to import, or one to verify. */
  const remember = (args: ReadonlyArray<unknown>): void => {
    for (const given of args) {
      if (tellsPlaintext(given) && given.plaintext !== "") plaintexts.add(given.plaintext)
      if (typeof given === "string" && /^old_[a-z]+_.{43}$/.test(given)) plaintexts.add(given)
    }
  }

  return {
    over: (client) =>
      new Proxy(client, {
        get: (target, member) => {
          const value: unknown = Reflect.get(target, member, target)
          if (typeof value !== "function") return value
          return (...args: Array<unknown>) => {
            remember(args)
            return watch(value.apply(target, args))
          }
        }
      }),
    secrets: async (signingSecret) => {
      const digests = await Promise.all([...plaintexts].map((plaintext) => hmac(plaintext, signingSecret)))
      return [...plaintexts, ...digests]
    }
  }
}
