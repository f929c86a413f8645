import { createHmac, createSecretKey, hash, randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { Effect } from "effect"
import { type Digest, type Fingerprint, KeyHasher, overSha256, type SealedSecret, unkeyed } from "../ports/KeyHasher.js"

/** Makes a secret unreadable. It is taken as it is: what it is like is the caller's to check. */
export const seal = (secret: string): SealedSecret => {
  const bytes = Buffer.from(secret, "utf8")
  // As a KeyObject an HMAC costs a tenth of what it costs with a Buffer, and the secret stays out of the heap.
  const key = createSecretKey(bytes)
  bytes.fill(0)
  const hmac = (data: string | Uint8Array) => createHmac("sha256", key).update(data).digest()
  return {
    hmac,
    get formerId() {
      return hmac("@apikeys/core/secretId").toString("hex").slice(0, 16)
    }
  }
}

/** 16 MiB, and about 50 ms of a thread that is not the event loop's, for each guess. */
const cost = { N: 2 ** 14, r: 8, p: 1 }

export const fingerprint: Fingerprint = (formerId, salt) =>
  Effect.async((resume) =>
    scrypt(formerId, salt, 32, cost, (error, bytes) =>
      resume(error === null ? Effect.succeed(bytes) : Effect.die(error))
    )
  )

export const random = (size: number): Uint8Array => randomBytes(size)

/** What one secret makes of a plaintext. */
const makeSigner = ({ hmac }: SealedSecret, secretId: string) => {
  const overDigest = overSha256(secretId)
  return {
    digest: (plaintext: string): Digest => ({ bytes: hmac(plaintext), secretId }),
    keyed: (sha256: Uint8Array): Digest => ({ bytes: hmac(sha256), secretId: overDigest })
  }
}

/**
 * The hasher by `node:crypto`.
 *
 * @param secrets the current one first, then those under which keys are accepted as well
 * @param secretIds what they are called, in the same order
 * @since 0.1.0
 */
export const make = (
  secrets: readonly [SealedSecret, ...ReadonlyArray<SealedSecret>],
  secretIds: readonly [string, ...ReadonlyArray<string>]
) => {
  const [first, ...others] = secrets
  const current = makeSigner(first, secretIds[0])
  const previous = others.map((secret, i) => makeSigner(secret, secretIds[i + 1] ?? secret.formerId))

  return KeyHasher.of({
    digest: current.digest,
    candidates: (plaintext) => [current.digest(plaintext), ...previous.map(({ digest }) => digest(plaintext))],
    keyed: (sha256) => [current.keyed(sha256), ...previous.map(({ keyed }) => keyed(sha256))],
    secretIds,
    formerIds: secrets.map(({ formerId }) => formerId),
    unkeyedDigest: (plaintext) => ({
      bytes: hash("sha256", plaintext, "buffer"),
      secretId: unkeyed
    }),
    fingerprint: (text) => hash("sha256", text, "binary"),
    equals: (one, other) => one.length === other.length && timingSafeEqual(one, other),
    random
  })
}
