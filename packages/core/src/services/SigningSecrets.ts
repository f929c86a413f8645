import { Effect, Either, Redacted } from "effect"
import type { InvalidInputError } from "../domain/Errors.js"
import { invalidInput } from "../domain/Input.js"
import { consistsOf, isWellFormedText } from "../domain/Rule.js"
import type { SigningSecretReport, SigningSecretUse } from "../domain/SigningSecret.js"
import { type KeyHasher, type SealedSecret, secretOf, unkeyed } from "../ports/KeyHasher.js"
import type { SecretCount } from "../ports/KeyStore.js"

/** A secret as it is given. */
export type SecretInput = Redacted.Redacted<string> | string

const minimumLength = 32

/** So many random characters have more different ones; of hexadecimal digits there are no more than 16. */
const minimumDifferent = 16
const minimumDifferentDigits = 8

const hexadecimal = new Set("0123456789abcdefABCDEF-")

const textOf = (secret: unknown): unknown => (Redacted.isRedacted(secret) ? Redacted.value(secret) : secret)

/** What is wrong with a secret that makes digests; `null` for nothing. */
const secretRefusal = (text: unknown): string | null => {
  if (typeof text !== "string" || text.length < minimumLength) {
    return `is not a text of at least ${minimumLength} characters; make one with: openssl rand -hex 32`
  }
  if (!isWellFormedText(text)) return "holds a lone surrogate; make one with: openssl rand -hex 32"
  const least = consistsOf(text, hexadecimal) ? minimumDifferentDigits : minimumDifferent
  return new Set(text).size < least
    ? `has fewer than ${least} different characters; make one with: openssl rand -hex 32`
    : null
}

/** More than any deployment has at once; each costs an HMAC a verification. */
const maxPrevious = 16

/** The secrets under which keys are accepted, and where those are that were given as previous ones. */
export interface CheckedSecrets {
  /** The current one first; each once. */
  readonly sealed: readonly [current: SealedSecret, ...previous: ReadonlyArray<SealedSecret>]
  /** Of each previous one as it was given: its place among all that are accepted, of which the current one is the first. */
  readonly places: ReadonlyArray<number>
  /** How many of the previous ones would be refused as the current one. */
  readonly weak: number
}

/**
 * Checks the secret that makes digests, and those under which keys are accepted as well: of any length, since they are what
 * they are. One that is given twice, or is the current one, counts once.
 *
 * @param seal what is kept of a secret
 */
export const checkSecrets = (
  signingSecret: unknown,
  previous: unknown,
  seal: (secret: string) => SealedSecret
): Either.Either<CheckedSecrets, InvalidInputError> => {
  const current = textOf(signingSecret)
  const refusal = secretRefusal(current)
  if (refusal !== null || typeof current !== "string") {
    return Either.left(invalidInput("signingSecret", refusal ?? "is not a text"))
  }
  const list: unknown = previous ?? []
  if (!Array.isArray(list) || list.length > maxPrevious) {
    return Either.left(invalidInput("previousSigningSecrets", `is not a list of at most ${maxPrevious} texts`))
  }
  const places = new Map([[current, 0]])
  const given: Array<number> = []
  for (const [i, secret] of list.entries()) {
    const text = textOf(secret)
    if (typeof text !== "string" || text === "" || !isWellFormedText(text)) {
      const rule = "is not a text of at least 1 character, without lone surrogates"
      return Either.left(invalidInput(`previousSigningSecrets.${i}`, rule))
    }
    const place = places.get(text) ?? places.size
    places.set(text, place)
    given.push(place)
  }
  const [, ...others] = [...places.keys()]
  return Either.right({
    sealed: [seal(current), ...others.map(seal)],
    places: given,
    weak: others.filter((text) => secretRefusal(text) !== null).length
  })
}

/** Warns of previous secrets that would be refused as the current one. */
export const warnOfWeakSecrets = (weak: number): Effect.Effect<void> =>
  weak === 0
    ? Effect.void
    : Effect.logWarning(
        `${weak} of previousSigningSecrets ${weak === 1 ? "is" : "are"} shorter than ${minimumLength} characters, or of too few different ones: whoever has the database may guess it; drop it as soon as signingSecretReport() shows no key under it`
      )

/** Warns of keys that no accepted secret can verify. */
export const warnOfUnserved = (keys: number): Effect.Effect<void> =>
  keys === 0
    ? Effect.void
    : Effect.logWarning(
        `${keys} ${keys === 1 ? "key" : "keys"} in the store cannot be verified: a signing secret made their digests that is neither signingSecret nor among previousSigningSecrets`
      )

/** What depends on which secret, from counts of digests. */
export const reportOf = (
  { formerIds, secretIds }: Pick<typeof KeyHasher.Service, "formerIds" | "secretIds">,
  counts: ReadonlyArray<SecretCount>
): SigningSecretReport => {
  /** The secret of a digest: one that is known here may be called by its former name still. */
  const idOf = (count: SecretCount): string => {
    const secret = secretOf(count.secretId)
    return secretIds[formerIds.indexOf(secret)] ?? secret
  }
  const useOf = (secretId: string, role: SigningSecretUse["role"]): SigningSecretUse => {
    const own = counts.filter((one) => idOf(one) === secretId)
    return {
      secretId,
      role,
      keys: own.reduce((sum, { current }) => sum + current, 0),
      superseded: own.reduce((sum, { superseded }) => sum + superseded, 0)
    }
  }
  const counted = new Set(counts.map(idOf))
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
