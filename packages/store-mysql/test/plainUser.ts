import { Effect } from "effect"
import { startServer, withConnection } from "../../../scripts/services/testing.js"

/** A server of its own, and the URL of a user without privileges to write where the server is read only. */
export const startForPlainUser = (service: Parameters<typeof startServer>[0]) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(() => startServer(service)),
      (own) => Effect.promise(() => own.stop())
    )
    const run = (statement: string) => Effect.promise(() => withConnection(server.url, (on) => on(statement)))
    yield* run("create user app@'%' identified by 'a password'")
    yield* run("grant all on apikeys.* to app@'%'")
    const user = new URL(server.url)
    user.username = "app"
    user.password = encodeURIComponent("a password")
    return { run, url: user.href }
  })
