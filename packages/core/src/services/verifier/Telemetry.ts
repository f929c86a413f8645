import { Effect, Metric, MetricBoundaries } from "effect"
import { monotonicMillis } from "./Times.js"
import { UsageRecorder } from "./UsageRecorder.js"
import { VerificationCache } from "./VerificationCache.js"

const verifications = Metric.counter("apikeys_verifications", {
  description: "Verifications, by outcome: passed, or the error's _tag",
  incremental: true
})

const lookups = Metric.counter("apikeys_key_lookups", {
  description: "Keys that were looked for in memory, by result: hit or miss",
  incremental: true
})

const duration = Metric.histogram(
  "apikeys_verification_milliseconds",
  MetricBoundaries.fromIterable([0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500]),
  "How long verifications took that went to the store"
)

const waiting = Metric.gauge("apikeys_usage_waiting", { description: "Uses that are not in the store yet" })

const failures = Metric.counter("apikeys_usage_flush_failures", {
  description: "How often the store did not take a batch of uses",
  incremental: true
})

const age = Metric.gauge("apikeys_changes_age_milliseconds", {
  description: "How long ago the store confirmed what has changed; from 750 on nothing remembered is trusted"
})

/** How often what was counted is given to the metrics. */
const publishMillis = 1000

/** Counts what verifications do, in plain numbers: on the hot path a metric would cost as much as the rest. */
export class Telemetry {
  readonly #outcomes = new Map<string, number>()
  hits = 0
  misses = 0
  /** Opens what publishes; called when there is something to publish. */
  readonly #wake: () => void
  #idle = true

  constructor(wake: () => void) {
    this.#wake = wake
  }

  count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
    if (!this.#idle) return
    this.#idle = false
    this.#wake()
  }

  /** A verification that went to the store took so many milliseconds. */
  took(millis: number): void {
    duration.unsafeUpdate(millis, [])
  }

  /** Gives the metrics what was counted since the last time. */
  publish(): void {
    this.#idle = true
    for (const [outcome, count] of this.#outcomes) {
      Metric.tagged(verifications, "outcome", outcome).unsafeUpdate(count, [])
    }
    this.#outcomes.clear()
    Metric.tagged(lookups, "result", "hit").unsafeUpdate(this.hits, [])
    Metric.tagged(lookups, "result", "miss").unsafeUpdate(this.misses, [])
    this.hits = 0
    this.misses = 0
  }
}

/** A telemetry that is published every second in which there was a verification, and once more at the end. */
export const makeTelemetry = Effect.gen(function* () {
  const uses = yield* UsageRecorder
  const cache = yield* VerificationCache
  const active = yield* Effect.makeLatch(false)
  const telemetry = new Telemetry(() => active.unsafeOpen())
  let failed = 0

  const publish = Effect.clockWith((clock) =>
    Effect.sync(() => {
      active.unsafeClose()
      telemetry.publish()
      waiting.unsafeUpdate(uses.unflushed(), [])
      failures.unsafeUpdate(uses.failures() - failed, [])
      failed = uses.failures()
      const confirmed = cache.confirmedAt()
      if (Number.isFinite(confirmed)) age.unsafeUpdate(monotonicMillis(clock) - confirmed, [])
    })
  )

  yield* Effect.forkScoped(
    Effect.forever(Effect.zipRight(active.await, Effect.zipRight(Effect.sleep(publishMillis), publish)))
  )
  yield* Effect.addFinalizer(() => publish)
  return telemetry
})
