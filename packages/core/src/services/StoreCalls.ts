import { type Context, Effect, Layer, Metric } from "effect"
import { interceptPort } from "../ports/interception.js"
import { KeyStore } from "../ports/KeyStore.js"
import { RateLimitStore } from "../ports/RateLimitStore.js"
import { TenantStore } from "../ports/TenantStore.js"
import { UsageStore } from "../ports/UsageStore.js"

const calls = Metric.counter("apikeys_store_calls", {
  description: "How often the store was asked, by operation; those who are asked for together are one",
  incremental: true
})

/** A port whose calls are counted. */
const counting = <I, A extends object>(tag: Context.Tag<I, A>, name: string): Layer.Layer<I, never, I> => {
  const counters = new Map<string, Metric.Metric.Counter<number>>()
  const counterOf = (member: string) => {
    const counter = counters.get(member) ?? Metric.tagged(calls, "operation", `${name}.${member}`)
    counters.set(member, counter)
    return counter
  }
  return Layer.effect(
    tag,
    Effect.map(tag, (port) =>
      interceptPort(port, (member, _, effect) => {
        counterOf(member).unsafeUpdate(1, [])
        return effect
      })
    )
  )
}

/** The ports that operations use, with every call counted. */
export const layer: Layer.Layer<
  TenantStore | KeyStore | RateLimitStore | UsageStore,
  never,
  TenantStore | KeyStore | RateLimitStore | UsageStore
> = Layer.mergeAll(
  counting(TenantStore, "TenantStore"),
  counting(KeyStore, "KeyStore"),
  counting(RateLimitStore, "RateLimitStore"),
  counting(UsageStore, "UsageStore")
)
