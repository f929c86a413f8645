import {
  type ApiKeyError,
  type ApiKeyOf,
  type KeyData,
  KeyVerifier,
  plainVerification,
  StoreError,
  type ValidateKeyOptions,
  type VerifiedKey,
  type VerifiedKeyData
} from "@apikeys/core"
import { Cause, Effect, Exit, ManagedRuntime, Predicate, Runtime, type Tracer } from "effect"
import { dateOf } from "./Timestamp.js"

/**
 * What a guard needs of a client: an `ApiKeyClient` has it.
 *
 * @since 0.1.0
 */
export interface Verifier {
  /** Rejects with an `ApiKeyError`. */
  readonly validateKey: (plaintext: string, options: ValidateKeyOptions) => Promise<VerifiedKeyData<unknown>>
  /** The answer, or what `validateKey` would reject with, at once; `null` where that is not known at once. */
  readonly tryValidateKey?: (
    plaintext: string,
    options: ValidateKeyOptions
  ) => VerifiedKeyData<unknown> | ApiKeyError | null
}

/**
 * What keys are verified with: the Promise client, or an Effect runtime that has the services. Of the latter each
 * verification is a span, where the runtime has a tracer of its own.
 *
 * @since 0.1.0
 */
export type VerifierSource =
  | Verifier
  | ManagedRuntime.ManagedRuntime<KeyVerifier, unknown>
  | Runtime.Runtime<KeyVerifier>

const isRuntime = (value: unknown): value is Runtime.Runtime<KeyVerifier> =>
  Predicate.hasProperty(value, "runtimeFlags") && Predicate.hasProperty(value, "fiberRefs")

const isVerifier = (value: unknown): value is Verifier =>
  Predicate.hasProperty(value, "validateKey") && typeof value.validateKey === "function"

/** Whether keys can be verified with a value. */
export const isVerifierSource = (value: unknown): value is VerifierSource =>
  isVerifier(value) || ManagedRuntime.isManagedRuntime(value) || isRuntime(value)

/** One verifier a runtime, so that several guards of a request know that they ask the same one. */
const ofRuntimes = new WeakMap<object, Verifier>()

/**
 * The verifier of a source; the same one each time.
 *
 * @since 0.1.0
 */
export const verifierOf = (source: VerifierSource): Verifier => {
  if (isVerifier(source)) return source
  const known = ofRuntimes.get(source)
  if (known !== undefined) return known
  const verifier = isRuntime(source)
    ? fromRun(Runtime.runPromiseExit(source), Runtime.runSyncExit(source), true)
    : fromRun(
        (effect) => source.runPromiseExit(effect),
        (effect) => source.runSyncExit(effect),
        false
      )
  ofRuntimes.set(source, verifier)
  return verifier
}

type Run = <A, E>(effect: Effect.Effect<A, E, KeyVerifier>) => Promise<Exit.Exit<A, unknown>>

type RunSync = <A, E>(effect: Effect.Effect<A, E, KeyVerifier>) => Exit.Exit<A, unknown>

/** @param built whether the services are there already; those of a managed runtime are by its first answer */
const fromRun = (run: Run, runSync: RunSync, built: boolean): Verifier => {
  let ready = built
  return {
    validateKey: async (plaintext, options) => {
      const exit = await run(validate(plaintext, options))
      if (Exit.isSuccess(exit)) {
        ready = true
        return dataOf(exit.value)
      }
      // Only the end of the runtime interrupts.
      throw Cause.isInterruptedOnly(exit.cause)
        ? new StoreError({ operation: "validateKey", retryable: false, reason: "the runtime is shut down" })
        : Cause.squash(exit.cause)
    },
    tryValidateKey: (plaintext, options) => {
      if (!ready) return null
      const exit = runSync(attempt(plaintext, options))
      // Whatever is wrong, such as a runtime that was shut down, `validateKey` tells.
      if (Exit.isFailure(exit)) return null
      const known = exit.value
      return known === null || known instanceof Error ? known : plainVerification(known)
    }
  }
}

let withoutTracer: Tracer.Tracer | undefined

/** Spans of the tracer that is there by default go nowhere, and cost more than the rest of a verification. */
const isTraced = Effect.map(Effect.tracer, (tracer) => {
  withoutTracer ??= Effect.runSync(Effect.tracer)
  return tracer !== withoutTracer
})

const validate = (plaintext: string, options: ValidateKeyOptions) => {
  const validation = Effect.flatMap(KeyVerifier, (verifier) => verifier.validateKey(plaintext, options))
  return Effect.flatMap(isTraced, (is) => (is ? traced(validation) : validation))
}

/** Nothing is known at once where each verification is to be a span. */
const attempt = (plaintext: string, options: ValidateKeyOptions) =>
  Effect.flatMap(isTraced, (is) =>
    is ? Effect.succeed(null) : Effect.map(KeyVerifier, (verifier) => verifier.attempt(plaintext, options))
  )

const traced = <A extends VerifiedKey, E extends { readonly _tag: string }, R>(validation: Effect.Effect<A, E, R>) =>
  validation.pipe(
    Effect.tap(({ key }) =>
      Effect.annotateCurrentSpan({ "apikeys.key.id": key.id, "apikeys.organization.id": key.organizationId })
    ),
    Effect.tapError((error) => Effect.annotateCurrentSpan("error.type", error._tag)),
    Effect.withSpan("apikeys.validateKey", { captureStackTrace: false })
  )

const dataOf = <M>({ key, limits, supersededAt, supersededUntil }: VerifiedKey<M>): VerifiedKeyData<M> =>
  Object.freeze({
    key: keyData(key),
    limits: Object.freeze(limits.slice()),
    supersededAt: supersededAt === null ? null : dateOf(supersededAt),
    supersededUntil: supersededUntil === null ? null : dateOf(supersededUntil)
  })

/** A key as the Promise client gives it. It was accepted, and is active therefore. */
const keyData = <M>(key: ApiKeyOf<M>): KeyData<M> =>
  Object.freeze({
    id: key.id,
    organizationId: key.organizationId,
    projectId: key.projectId,
    productId: key.productId,
    name: key.name,
    hint: key.hint,
    status: "active",
    scopes: key.scopes,
    rateLimits: key.rateLimits,
    metadata: key.metadata,
    expiresAt: key.expiresAt === null ? null : dateOf(key.expiresAt),
    revokedAt: key.revokedAt === null ? null : dateOf(key.revokedAt),
    revokedReason: key.revokedReason,
    disabledAt: key.disabledAt === null ? null : dateOf(key.disabledAt),
    disabledReason: key.disabledReason,
    useCount: key.useCount,
    lastUsedAt: key.lastUsedAt === null ? null : dateOf(key.lastUsedAt),
    createdAt: dateOf(key.createdAt),
    updatedAt: dateOf(key.updatedAt)
  })
