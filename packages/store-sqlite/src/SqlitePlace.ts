import type { StoreError } from "@apikeys/core"
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Exit, Scope } from "effect"
import { identityAt, removeLeftovers } from "./FileIdentity.js"
import { attempt } from "./SqliteConnection.js"
import { movedCode } from "./SqliteFailure.js"
import { type OpenFile, openFile, pathOf } from "./SqliteFile.js"
import type { SqliteSettings } from "./SqliteSettings.js"

/** For so long, a file that was looked at counts as the one at its path. */
const trustedMillis = 100

/** Where a database file stands: whichever it is. */
export interface Place {
  /** The file that is open, where it is the one at the path; `null` where that has to be opened. In this very call. */
  readonly now: () => OpenFile | null
  /** The file at the path. Fails where there is none. */
  readonly file: Effect.Effect<OpenFile, SqlError>
  /** The same, looked at anew. */
  readonly fresh: Effect.Effect<OpenFile, SqlError>
  /** Fails where a file is not the one at the path any more: what was written to it is lost. */
  readonly confirm: (file: OpenFile) => Effect.Effect<void, SqlError>
  /** How often another file took the place. */
  readonly replacements: () => number
}

/** What SQLite itself calls it, where it looks. */
const moved = new SqlError({ cause: { code: movedCode }, message: "another file took its place" })

const toSqlError = (cause: StoreError) => new SqlError({ cause, message: "the file cannot be opened" })

interface Held {
  readonly file: OpenFile
  readonly scope: Scope.CloseableScope
}

/**
 * Opens the file at a path, and the next one when it is deleted or another takes its place: a connection goes on with what it
 * has, which nobody else sees.
 *
 * @param prepare brings the schema of a file that came later up to date
 */
export const openPlace = (
  settings: SqliteSettings,
  prepare: (file: OpenFile) => Effect.Effect<unknown, StoreError>
): Effect.Effect<Place, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = pathOf(settings.filename)
    let held: Held | null = null
    let isGone = false
    let lookedAt = 0
    let replacements = 0

    const open = (mustExist: boolean, then: (file: OpenFile) => Effect.Effect<unknown, StoreError>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const opened = Scope.extend(openFile(settings, mustExist), scope)
        const file = yield* Effect.tap(opened, then).pipe(
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        held = { file, scope }
        isGone = false
      })

    const look = (): void => {
      lookedAt = performance.now()
      if (path !== null && held !== null) isGone = identityAt(path) !== held.file.identity?.main
    }

    const now = (): OpenFile | null => {
      if (performance.now() - lookedAt >= trustedMillis) look()
      return held === null || isGone ? null : held.file
    }

    /**
     * What it has goes to the file that it is of, wherever that is now. It is closed once nobody is in the middle of a
     * transaction. Where something is left that cannot be removed, nothing else is opened.
     */
    const leave = (path: string, { file, scope }: Held): Effect.Effect<unknown, SqlError> =>
      Effect.zipRight(
        attempt(() => {
          try {
            file.connection.pragma("wal_checkpoint(TRUNCATE)")
          } catch {
            // Others have it open as well, and do so.
          }
          if (file.identity !== null) removeLeftovers(path, file.identity)
        }),
        Effect.forkDaemon(file.writer.between(() => Scope.close(scope, Exit.void)))
      )

    /** Until there is a file, the one before stays open, so that none can come that looks like it. */
    const reopen = (path: string) =>
      Effect.gen(function* () {
        if (now() !== null || identityAt(path) === null) return
        if (held !== null) yield* leave(path, held)
        held = null
        replacements++
        yield* Effect.mapError(open(true, prepare), toSqlError)
      })

    const turns = yield* Effect.makeSemaphore(1)
    const absent = new SqlError({ cause: { code: "SQLITE_CANTOPEN" }, message: "there is no file" })
    const found: Place["file"] = Effect.suspend(() => {
      const file = now()
      return file === null ? Effect.fail(absent) : Effect.succeed(file)
    })
    // Whoever waits for it may give up; what is begun is ended.
    const file: Place["file"] = Effect.suspend(() =>
      path === null || now() !== null
        ? found
        : Effect.zipRight(turns.withPermits(1)(Effect.uninterruptible(reopen(path))), found)
    )

    yield* open(false, () => Effect.void)
    yield* Effect.addFinalizer((exit) => (held === null ? Effect.void : Scope.close(held.scope, exit)))
    const fresh = Effect.zipRight(Effect.sync(look), file)
    return {
      now,
      file,
      fresh,
      confirm: (written) =>
        Effect.suspend(() => {
          look()
          return isGone || held?.file !== written ? moved : Effect.void
        }),
      replacements: () => replacements
    }
  })
