import { anchored, charge, type RateLimit, type RateLimitState, RateLimitWindow } from "@apikeys/core"
import { Predicate, Schema } from "effect"
import { clientNetwork } from "./ClientAddress.js"
import { hasMembers, isWhole } from "./Members.js"

/**
 * How many unknown keys a client may present.
 *
 * @since 0.1.0
 */
export interface FailureLimitOptions {
  /** 1 to 10^15 − 1. */
  readonly requests: number
  /** A named window, or whole seconds. */
  readonly window: RateLimitWindow
  /** How many clients are remembered at most; of more, those that failed longest ago are forgotten. Default 10,000. */
  readonly maxClients?: number | undefined
}

const isWindow = Schema.is(RateLimitWindow)

/** Whether a value is options of a `FailureLimit`, none of which breaks a rule. */
export const isFailureLimitOptions = (value: unknown): value is FailureLimitOptions =>
  hasMembers(value, {
    requests: (requests) => isWhole(requests, 1, 999_999_999_999_999),
    window: isWindow,
    maxClients: (clients) => isWhole(clients, 1, 10_000_000)
  }) &&
  Predicate.isRecord(value) &&
  value["requests"] !== undefined &&
  value["window"] !== undefined

/** What those of every copy of this package have: each adapter may bring one. */
const brand = Symbol.for("@apikeys/http/FailureLimit")

/** Whether a value is a `FailureLimit`, of another copy of this package as well. */
export const isFailureLimit = (value: unknown): value is FailureLimit => Predicate.hasProperty(value, brand)

/**
 * Counts unknown keys by client, in this process: a client is an IPv4 address, or the /64 of an IPv6 address. One that
 * presented too many is refused until the window ends, good keys included, and nothing is looked up for it meanwhile.
 * Callers without an address, such as those of a Unix socket, share one count.
 *
 * It spares the store, and is no defence that keys need: they hold 256 random bits. Behind a proxy it is the framework
 * that knows the client's address (`trust proxy` of Express, `trustProxy` of Fastify); without such a setting all
 * clients are the proxy, and share one count.
 *
 * @since 0.1.0
 */
export class FailureLimit {
  readonly #limit: RateLimit
  readonly #maxClients: number
  /** In the order of their last failure. */
  readonly #states = new Map<string, RateLimitState>()

  /** @throws TypeError where an option breaks a rule, or is not known: such a limit might refuse no client */
  constructor(options: FailureLimitOptions) {
    if (!isFailureLimitOptions(options)) {
      throw new TypeError("The options of a FailureLimit are not { requests, window, maxClients } within their bounds")
    }
    const { maxClients = 10_000, requests, window } = options
    this.#limit = { name: "failures", algorithm: "fixed-window", requests, window, burst: null }
    this.#maxClients = maxClients
  }

  /**
   * Whole seconds for which a client is refused; 0 where it is not.
   *
   * @param now milliseconds since the epoch
   */
  wait(address: string | undefined, now: number = Date.now()): number {
    if (this.#states.size === 0) return 0
    const client = clientNetwork(address)
    const state = this.#states.get(client)
    if (state === undefined) return 0
    const [{ allowed, retryAfterMillis }] = charge(this.#limit, state, now, 1)
    // Who is told to wait waits once, also where the machine's clock was set back.
    this.#states.set(client, anchored(this.#limit, state, now))
    return allowed ? 0 : Math.max(1, Math.ceil((retryAfterMillis ?? 0) / 1000))
  }

  /**
   * Counts an unknown key that a client presented.
   *
   * @param now milliseconds since the epoch
   */
  record(address: string | undefined, now: number = Date.now()): void {
    const client = clientNetwork(address)
    const [, state] = charge(this.#limit, this.#states.get(client) ?? null, now, 1)
    this.#states.delete(client)
    this.#states.set(client, state)
    if (this.#states.size > this.#maxClients) this.#states.delete(this.#states.keys().next().value as string)
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.#states.size
  }
}

Object.defineProperty(FailureLimit.prototype, brand, { value: true })
