import { Effect, Redacted } from "effect"
import type { InvalidInputError } from "../domain/Errors.js"
import { invalidInput } from "../domain/Input.js"
import type { SigningSecretReport, SigningSecretUse } from "../domain/SigningSecret.js"
import { secretOf, unkeyed } from "../ports/KeyHasher.js"
import type { SecretCount } from "../ports/KeyStore.js"

/** A secret as it is given. */
export type SecretInput = Redacted.Redacted<string> | string

const minimumLength = 32

const textOf = (secret: unknown): unknown => (Redacted.isRedacted(secret) ? Redacted.value(secret) : secret)

/** Checks the secret that makes digests. */
export const checkSecret = (secret: unknown): Effect.Effect<Redacted.Redacted<string>, InvalidInputError> => {
  const text = textOf(secret)
  return typeof text === "string" && text.length >= minimumLength
    ? Effect.succeed(Redacted.make(text))
    : Effect.fail(
        invalidInput(
          "signingSecret",
          `is not a text of at least ${minimumLength} characters; make one with: openssl rand -hex 32`
        )
      )
}

/** More than any deployment has at once; each costs an HMAC a verification. */
const maxPrevious = 16

/** The secrets under which keys are accepted as well, and where those are that were given. */
interface PreviousSecrets {
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
  /** Of each as it was given: its place among all that are accepted, of which the current one is the first. */
  readonly places: ReadonlyArray<number>
}

/**
 * Checks secrets under which keys are accepted as well: of any length, since they are what they are. One that is given
 * twice, or is the current one, counts once.
 */
export const checkPreviousSecrets = (
  input: unknown,
  current: Redacted.Redacted<string>
): Effect.Effect<PreviousSecrets, InvalidInputError> => {
  const list: unknown = input ?? []
  if (!Array.isArray(list) || list.length > maxPrevious) {
    return Effect.fail(invalidInput("previousSigningSecrets", `is not a list of at most ${maxPrevious} texts`))
  }
  const places = new Map([[Redacted.value(current), 0]])
  const given: Array<number> = []
  for (const [i, secret] of list.entries()) {
    const text = textOf(secret)
    if (typeof text !== "string" || text === "") {
      return Effect.fail(invalidInput(`previousSigningSecrets.${i}`, "is not a text of at least 1 character"))
    }
    const place = places.get(text) ?? places.size
    places.set(text, place)
    given.push(place)
  }
  const [, ...secrets] = [...places.keys()].map((text) => Redacted.make(text))
  return Effect.succeed({ secrets, places: given })
}

/** Warns of previous secrets that would be refused as the current one. */
export const warnOfShortSecrets = (previous: ReadonlyArray<Redacted.Redacted<string>>): Effect.Effect<void> => {
  const short = previous.filter((secret) => Redacted.value(secret).length < minimumLength).length
  return short === 0
    ? Effect.void
    : Effect.logWarning(
        `${short} of previousSigningSecrets ${short === 1 ? "is" : "are"} shorter than ${minimumLength} characters: whoever has the database may guess it; drop it as soon as signingSecretReport() shows no key under it`
      )
}

/** Warns of keys that no accepted secret can verify. */
export const warnOfUnserved = (keys: number): Effect.Effect<void> =>
  keys === 0
    ? Effect.void
    : Effect.logWarning(
        `${keys} ${keys === 1 ? "key" : "keys"} in the store cannot be verified: a signing secret made their digests that is neither signingSecret nor among previousSigningSecrets`
      )

/** What depends on which secret, from counts of digests. */
export const reportOf = (
  secretIds: readonly [current: string, ...previous: ReadonlyArray<string>],
  counts: ReadonlyArray<SecretCount>
): SigningSecretReport => {
  const useOf = (secretId: string, role: SigningSecretUse["role"]): SigningSecretUse => {
    const own = counts.filter((one) => secretOf(one.secretId) === secretId)
    return {
      secretId,
      role,
      keys: own.reduce((sum, { current }) => sum + current, 0),
      superseded: own.reduce((sum, { superseded }) => sum + superseded, 0)
    }
  }
  const counted = new Set(counts.map(({ secretId }) => secretOf(secretId)))
  const others = [...counted].filter((secretId) => !secretIds.includes(secretId))
  const withoutSecret = others.filter((secretId) => secretId === unkeyed).map((secretId) => useOf(secretId, "unkeyed"))
  const unknown = others
    .filter((secretId) => secretId !== unkeyed)
    .sort()
    .map((secretId) => useOf(secretId, "unknown"))
  return {
    secrets: [
      ...secretIds.map((secretId, i) => useOf(secretId, i === 0 ? "current" : "previous")),
      ...withoutSecret,
      ...unknown
    ],
    unservedKeys: unknown.reduce((sum, { keys }) => sum + keys, 0)
  }
}
