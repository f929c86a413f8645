import type { Confirmation } from "@apikeys/core"
import type { SqlError } from "@effect/sql/SqlError"
import { Context, Effect, type Scope, Tracer } from "effect"
import type { ChangeLog, News, Seen } from "./ChangeLog.js"
import type { ChangeListener, Database } from "./Database.js"
import { guarded } from "./Operations.js"

/** How often the log is looked at, although nothing was heard. */
const everyMillis = 200

/** Who listens has a connection to itself, on which this is a long time. */
const listenerMillis = 250

/** What a look at the log found. */
interface Look {
  readonly version: unknown
  /** `null`: nothing was committed since the look before, so there was nothing to read. */
  readonly news: News | null
}

/** Sleeps by the machine's clock, and keeps no process alive that has nothing else to do. */
const idle = (millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    timer.unref()
    return Effect.sync(() => clearTimeout(timer))
  })

/**
 * The member of the port that follows changes. The log is the truth, and each look at it confirms by itself: what is
 * heard in between only makes the next look come at once.
 *
 * @param timeout how many milliseconds a look may take
 */
export const makeFollower = (database: Database, log: ChangeLog, timeout: number) => {
  const { listen, replacements, version } = database.signals
  const readVersion: Effect.Effect<unknown, SqlError> = version ?? Effect.succeed(null)

  const look = (read: Database["read"], limit: number, seen: Seen | null, before: unknown) =>
    guarded(
      database,
      limit,
      "KeyChanges.follow",
      Effect.flatMap(readVersion, (now): Effect.Effect<Look, SqlError> => {
        // The version is taken first, so that what comes between the two is read once more, and never skipped.
        if (version !== null && seen !== null && now === before) return Effect.succeed({ version: now, news: null })
        return Effect.map(
          read((connection) => log.readAfter(connection, seen)),
          (news) => ({ version: now, news })
        )
      })
    )

  /** One look after another, so that none overtakes. */
  const loop = (listener: ChangeListener | null, onConfirmation: (confirmation: Confirmation) => void) =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      let seen: Seen | null = null
      let known: unknown = null
      let places = replacements?.() ?? 0

      const lookBy = (read: Database["read"], limit: number) =>
        Effect.suspend(() => {
          const asOf = Number(clock.unsafeCurrentTimeNanos()) / 1e6
          return Effect.map(look(read, limit, seen, known), ({ news, version }) => {
            const { changes, last, missed } = news ?? { changes: [], last: seen, missed: false }
            const before = places
            places = replacements?.() ?? 0
            seen = last
            known = version
            onConfirmation({ asOf, changes, missed: missed || places !== before })
          })
        })
      /** A store that cannot be asked is no news: silence says it. */
      const byPool = Effect.ignore(lookBy(database.read, timeout))
      const once = Effect.suspend(() => {
        const read = listener?.read() ?? null
        if (listener === null || read === null) return byPool
        return Effect.catchAll(lookBy(read, listenerMillis), () => Effect.zipRight(listener.distrust, byPool))
      })
      const rest = listener === null ? idle(everyMillis) : Effect.raceFirst(idle(everyMillis), listener.heard)
      return yield* Effect.forever(Effect.zipRight(once, rest))
    })

  return (onConfirmation: (confirmation: Confirmation) => void): Effect.Effect<void, never, Scope.Scope> =>
    Effect.gen(function* () {
      const listener = listen === null ? null : yield* listen
      yield* Effect.forkScoped(Effect.interruptible(loop(listener, onConfirmation)))
    }).pipe(
      // Looks go on for long after the span in which somebody asked for them.
      Effect.mapInputContext((context: Context.Context<Scope.Scope>) =>
        Context.omit(Tracer.ParentSpan)(context as Context.Context<Scope.Scope | Tracer.ParentSpan>)
      )
    )
}
