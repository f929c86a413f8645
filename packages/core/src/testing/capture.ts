import { type Cause, Effect, Exit, HashMap, Layer, List, Logger, LogLevel, Metric, Tracer } from "effect"
import { mentionOf } from "./mention.js"
import { renderDeep } from "./rendering.js"

/**
 * Collects whatever a program shows of itself, so that a suite can assert what it never shows.
 *
 * @since 0.1.0
 */
export interface Capture {
  /** Takes the place of the default logger, at every level, and listens to the tracer. */
  readonly layer: Layer.Layer<never>
  /** Adds something else: a rejected error, a result, a row. */
  readonly add: (origin: string, value: unknown) => void
  /** What was collected so far: log lines, spans with attributes, events and outcomes, and what was added. */
  readonly entries: () => ReadonlyArray<CaptureEntry>
  /** Where secrets occur in what was collected, or in the metrics, in whatever way they are written. */
  readonly leaks: (secrets: Iterable<string | Uint8Array>) => ReadonlyArray<string>
  /** Throws where there is any leak; the error says where, and not what. */
  readonly assertNoLeak: (secrets: Iterable<string | Uint8Array>) => void
}

/**
 * One thing that was shown, with everything that any rendering of it could show.
 *
 * @since 0.1.0
 */
export interface CaptureEntry {
  /** As `log`, `span "KeyVerifier.verify"` or what `add` was told. */
  readonly origin: string
  readonly text: string
}

/**
 * Makes an empty collection.
 *
 * @example
 * ```ts
 * const capture = makeCapture()
 * const store = Store.fromLayer(Layer.provideMerge(MemoryStore.layer, capture.layer))
 * // … issue, verify, fail
 * capture.assertNoLeak([plaintext, signingSecret, digest])
 * ```
 *
 * @since 0.1.0
 */
export const makeCapture = (): Capture => {
  const entries: Array<CaptureEntry> = []
  const add = (origin: string, value: unknown) => void entries.push({ origin, text: renderDeep(value) })

  const leaks = (secrets: Iterable<string | Uint8Array>) => {
    const metrics = { origin: "metrics", text: renderDeep(Metric.unsafeSnapshot()) }
    return [...secrets].flatMap((secret, i) => {
      const mentions = mentionOf(secret)
      return [...entries, metrics].filter(({ text }) => mentions(text)).map(({ origin }) => `secret ${i} in ${origin}`)
    })
  }

  return {
    layer: Layer.mergeAll(
      Logger.replace(Logger.defaultLogger, capturingLogger(add)),
      Logger.minimumLogLevel(LogLevel.All),
      Layer.unwrapEffect(Effect.map(Effect.tracer, (tracer) => Layer.setTracer(capturingTracer(tracer, add))))
    ),
    add,
    entries: () => [...entries],
    leaks,
    assertNoLeak: (secrets) => {
      const found = leaks(secrets)
      if (found.length > 0) throw new Error(`Secrets were shown: ${found.join("; ")}`)
    }
  }
}

type Add = Capture["add"]

const capturingLogger = (add: Add) =>
  Logger.make<unknown, void>(({ annotations, cause, message, spans }) =>
    add("log", {
      message,
      cause,
      annotations: HashMap.toEntries(annotations),
      spans: List.toArray(spans).map(({ label }) => label)
    })
  )

/** Lets another tracer do the work. A span is shown when it begins, since it may never end, and when it ends. */
const capturingTracer = (tracer: Tracer.Tracer, add: Add): Tracer.Tracer =>
  Tracer.make({
    span: (...args) => {
      const [name, , , links] = args
      const span = tracer.span(...args)
      const origin = `span ${JSON.stringify(name)}`
      const { attribute, end, event } = span
      add(origin, { name, links: links.map(({ attributes }) => attributes), attributes: span.attributes })
      return Object.assign(span, {
        attribute: (key: string, value: unknown) => {
          add(origin, { key, value })
          attribute.call(span, key, value)
        },
        event: (...event_: Parameters<typeof event>) => {
          add(origin, { event: event_ })
          event.apply(span, event_)
        },
        end: (time: bigint, exit: Exit.Exit<unknown, unknown>) => {
          add(origin, { attributes: span.attributes, cause: causeOf(exit) })
          end.call(span, time, exit)
        }
      })
    },
    context: (f, fiber) => tracer.context(f, fiber)
  })

/** What a span succeeds with is not shown by any tracer; why it fails is. */
const causeOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | null =>
  Exit.isFailure(exit) ? exit.cause : null
