import { ApiKeys, KeyStore, KeyVerifier, Tenants } from "@apikeys/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

const signingSecret = "0123456789abcdefghijklmnopqrstuv"

/** Of a machine that can be suspended: the clock that nobody sets stands still meanwhile, and the other does not. */
const makeMachine = () => {
  const live = Clock.make()
  let suspended = 0
  const millis = () => live.unsafeCurrentTimeMillis() + suspended
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: millis,
    unsafeCurrentTimeNanos: () => live.unsafeCurrentTimeNanos(),
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: live.currentTimeNanos,
    sleep: (duration) => live.sleep(duration)
  }
  const suspend = (millis: number) =>
    Effect.sync(() => {
      suspended += millis
    })
  return { clock, suspend }
}

/** What a process remembers while its clocks do not agree. */
export const clockSuite = ({
  emptyDatabase,
  layer,
  title
}: Pick<SqlBackend, "emptyDatabase" | "layer" | "title">): void => {
  describe(`a machine that was suspended, on ${title}`, () => {
    it.scopedLive(
      "serves nothing of what it remembered before, until the store has confirmed what was changed",
      () =>
        Effect.gen(function* () {
          const address = yield* emptyDatabase
          const { clock, suspend } = makeMachine()
          const services = ApiKeys.layer({ signingSecret, keyPrefix: "myapp" }).pipe(
            Layer.provideMerge(layer(address, { timeout: "20 seconds" }))
          )
          const one = yield* Layer.build(Layer.provide(services, Layer.setClock(clock)))
          const other = yield* Layer.build(layer(address, { timeout: "20 seconds" }))
          const tenants = Context.get(one, Tenants)
          const keys = Context.get(one, ApiKeys)
          const verifier = Context.get(one, KeyVerifier)
          const organizationId = (yield* tenants.createOrganization({ name: "Acme" })).id
          const project = yield* tenants.createProject({ organizationId, name: "v1" })
          const asked = { projectId: project.id }
          const first = yield* keys.createKey({ organizationId })
          const second = yield* keys.createKey({ organizationId })

          /** Until the key is answered for from memory. */
          const remembered = ({ plaintext }: typeof first): Effect.Effect<void, unknown> =>
            Effect.gen(function* () {
              yield* verifier.validateKey(plaintext, asked)
              if (verifier.attempt(plaintext, asked) !== null) return
              yield* Effect.sleep("5 millis")
              yield* remembered({ ...first, plaintext })
            })
          for (const key of [first, second]) yield* remembered(key)

          yield* suspend(600_000)
          assert.isNull(verifier.attempt(first.plaintext, asked))
          yield* Context.get(other, KeyStore).revoke(first.key.id, {
            at: DateTime.unsafeMake(Date.now()),
            reason: null
          })
          const refused = yield* Effect.flip(verifier.validateKey(first.plaintext, asked))
          assert.strictEqual(refused._tag, "RevokedKeyError")
          // It goes on to remember.
          yield* remembered(second)
          yield* suspend(-600_000)
          assert.isNull(verifier.attempt(second.plaintext, asked))
          yield* remembered(second)
        }),
      60_000
    )
  })
}
