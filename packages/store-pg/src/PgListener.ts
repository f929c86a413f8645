import { type ChangeListener, type Database, withDeadline } from "@apikeys/store-sql"
import * as Reactivity from "@effect/experimental/Reactivity"
import type { Connection } from "@effect/sql/SqlConnection"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Deferred, Effect, Fiber, type Scope } from "effect"
import { graceMillis, watched } from "./PgConnections.js"
import { classify } from "./PgFailure.js"
import { quoted } from "./PgSchema.js"

/** How long a new connection may take for each of its steps. */
const patienceMillis = 2000

/** How long what we say may take to come back to us. */
const echoMillis = 1000

/** Until another attempt where nothing suggests that it goes any better. */
const hopelessMillis = 30_000

/** How long the server may take over a look at the log, which is given up before. */
const statementMillis = 500

/** Anybody who may connect can announce something: that makes for one look in so long, and no more. */
const restMillis = 20

/** How long closing waits for a connection, be it one that is just being opened; then that ends by itself. */
const closingMillis = 50

/** From the first time that a connection does not last to the sixth, and then on. */
const longestPauseMillis = 5000

/** A connection that stood for so long was none of those that do not last. */
const lastingMillis = 5000

/** The driver's own client, which a reserved connection of `@effect/sql-pg` holds. */
interface Reserved extends Connection {
  readonly pg?: {
    readonly on: (event: string, listener: (message: { readonly payload?: string | undefined }) => void) => unknown
    readonly unref?: () => void
    readonly connection?: { readonly stream?: { readonly destroy: () => void } }
  }
}

interface ListenerOptions {
  /** Of the client that the store has. The one that listens is never lent, so it is none of its pool. */
  readonly config: PgClient.PgClientConfig
  /** An expression for the channel. */
  readonly channel: string
  /** Reads over another connection. */
  readonly read: Database["read"]
}

/** Sleeps by the machine's clock, and keeps no process alive that has nothing else to do. */
const pause = (millis: number): Effect.Effect<void> =>
  millis <= 0
    ? Effect.void
    : Effect.async((resume) => {
        const timer = setTimeout(() => resume(Effect.void), millis)
        timer.unref()
        return Effect.sync(() => clearTimeout(timer))
      })

/** Wakes one who waits, now or when next he does, and again after a rest. */
const makeBell = () => {
  let heardAt = Number.NEGATIVE_INFINITY
  let rung = false
  let waiting: (() => void) | null = null
  const next = Effect.async<void>((resume) => {
    const answer = () => {
      rung = false
      waiting = null
      heardAt = performance.now()
      resume(Effect.void)
    }
    if (rung) return answer()
    waiting = answer
    return Effect.sync(() => {
      waiting = null
    })
  })
  const heard = Effect.suspend(() => Effect.zipRight(pause(heardAt + restMillis - performance.now()), next))
  const ring = (): void => {
    rung = true
    waiting?.()
  }
  return { heard, ring }
}

/** Fails when something takes too long, and leaves it behind: it ends with its connection. */
const within = <A, E>(millis: number, effect: Effect.Effect<A, E>): Effect.Effect<A, E | "late"> =>
  Effect.raceFirst(Effect.disconnect(effect), Effect.zipRight(pause(millis), Effect.fail("late" as const)))

/** Runs for as long as the scope is open. While that closes, the process stays alive. */
const forkWithin = (effect: Effect.Effect<unknown>) =>
  Effect.acquireRelease(Effect.forkDaemon(Effect.interruptible(effect)), (fiber) =>
    Effect.ignore(withDeadline(Fiber.interrupt(fiber), closingMillis, () => "late" as const))
  )

/** What does not come back is a pooler's doing; and a server that refuses a password does so again. */
const isHopeless = (error: unknown): boolean => error !== "late" && (error === "unheard" || !classify(error).retryable)

const step = <A, E>(effect: Effect.Effect<A, E>) => within(patienceMillis, effect)

/**
 * Listens on a connection of its own, and opens another whenever that one is lost. A connection is trusted once it
 * heard what was said over another: through a pooler that gives each transaction a connection as it comes, nothing is
 * heard. That it lives is shown by the reads that go over it; a driver whose packets are lost says nothing at all.
 */
export const listen = ({
  channel,
  config,
  read
}: ListenerOptions): Effect.Effect<ChangeListener, never, Scope.Scope> => {
  const open = PgClient.make({
    ...config,
    applicationName: "apikeys changes",
    connectTimeout: patienceMillis,
    maxConnections: 1,
    minConnections: 0
  }).pipe(
    Effect.flatMap((client) => client.reserve),
    Effect.provide(Reactivity.layer)
  )

  return Effect.gen(function* () {
    const { heard, ring } = makeBell()
    let trusted: { readonly read: Database["read"]; readonly giveUp: Effect.Effect<void> } | null = null

    /** Stands until the connection is lost or given up. */
    const session = Effect.gen(function* () {
      const connection = watched((yield* open) as Connection, patienceMillis)
      const { pg } = connection as Reserved
      if (pg === undefined) return yield* Effect.fail("unheard" as const)
      const lost = yield* Deferred.make<void>()
      const echo = yield* Deferred.make<void>()
      const nonce = crypto.randomUUID()
      pg.on("notification", ({ payload }) => {
        if (payload === nonce) Deferred.unsafeDone(echo, Effect.void)
        else ring()
      })
      for (const event of ["error", "end"]) pg.on(event, () => Deferred.unsafeDone(lost, Effect.void))
      pg.unref?.()
      // What runs on it fails at once, and no farewell waits for an answer.
      yield* Effect.addFinalizer(() => Effect.sync(() => pg.connection?.stream?.destroy()))
      const [row] = yield* step(connection.execute(`select ${channel} as channel`, [], undefined))
      const { channel: name } = row as { readonly channel: string }
      yield* step(connection.executeUnprepared(`listen ${quoted(name)}`, [], undefined))
      yield* step(read((other) => other.execute("select pg_notify($1, $2)", [name, nonce], undefined)))
      yield* Effect.catchAll(within(echoMillis, Deferred.await(echo)), () => Effect.fail("unheard" as const))
      // What it hears is said to it alone, so this is set for it alone.
      yield* step(connection.executeUnprepared(`set statement_timeout = ${statementMillis}`, [], undefined))
      const turn = yield* Effect.makeSemaphore(1)
      trusted = {
        read: (use) => turn.withPermits(1)(Effect.suspend(() => use(connection))),
        giveUp: Effect.asVoid(Deferred.succeed(lost, undefined))
      }
      ring()
      yield* Deferred.await(lost)
      // A look that was given up goes on until the server ends it: before, the next connection would be one too many.
      yield* Effect.ignore(within(statementMillis + graceMillis, turn.take(1)))
    }).pipe(
      Effect.scoped,
      Effect.ensuring(
        Effect.sync(() => {
          trusted = null
        })
      )
    )

    let failures = 0
    const next = Effect.suspend(() => {
      const began = performance.now()
      return Effect.flatMap(Effect.exit(session), (exit) => {
        if (exit._tag === "Failure" && exit.cause._tag === "Fail" && isHopeless(exit.cause.error)) {
          return pause(hopelessMillis)
        }
        failures = performance.now() - began > lastingMillis ? 0 : failures + 1
        return failures === 0 ? Effect.void : pause(Math.min(longestPauseMillis, 50 * 2 ** failures))
      })
    })
    yield* forkWithin(Effect.forever(next))

    return {
      read: () => trusted?.read ?? null,
      heard,
      distrust: Effect.suspend(() => {
        const giveUp = trusted?.giveUp ?? Effect.void
        trusted = null
        return giveUp
      })
    }
  })
}
