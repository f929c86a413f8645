import { createHmac, createSecretKey, hash, randomBytes, timingSafeEqual } from "node:crypto"
import { Layer, Redacted } from "effect"
import { type Digest, KeyHasher, overSha256, unkeyed } from "../ports/KeyHasher.js"

/** What one secret makes of a plaintext. */
const signer = (signingSecret: Redacted.Redacted<string>) => {
  // As a KeyObject an HMAC costs a tenth of what it costs with a Buffer, and the secret stays out of the heap's strings.
  const secret = createSecretKey(Buffer.from(Redacted.value(signingSecret), "utf8"))
  const hmac = (text: string) => createHmac("sha256", secret).update(text, "utf8").digest()
  const secretId = hmac("@apikeys/core/secretId").toString("hex").slice(0, 16)
  const overDigest = overSha256(secretId)
  return {
    secretId,
    digest: (plaintext: string): Digest => ({ bytes: hmac(plaintext), secretId }),
    keyed: (sha256: Uint8Array): Digest => ({
      bytes: createHmac("sha256", secret).update(sha256).digest(),
      secretId: overDigest
    })
  }
}

/**
 * The hasher by `node:crypto`. Secrets are taken as they are: their length is the caller's to check.
 *
 * @param previousSecrets under which keys are accepted as well
 * @since 0.1.0
 */
export const layer = (
  signingSecret: Redacted.Redacted<string>,
  previousSecrets: ReadonlyArray<Redacted.Redacted<string>> = []
): Layer.Layer<KeyHasher> =>
  Layer.sync(KeyHasher, () => {
    const current = signer(signingSecret)
    const previous = previousSecrets.map(signer)

    return KeyHasher.of({
      digest: current.digest,
      candidates: (plaintext) => [current.digest(plaintext), ...previous.map(({ digest }) => digest(plaintext))],
      keyed: (sha256) => [current.keyed(sha256), ...previous.map(({ keyed }) => keyed(sha256))],
      secretIds: [current.secretId, ...previous.map(({ secretId }) => secretId)],
      unkeyedDigest: (plaintext) => ({
        bytes: hash("sha256", plaintext, "buffer"),
        secretId: unkeyed
      }),
      fingerprint: (text) => hash("sha256", text, "binary"),
      equals: (one, other) => one.length === other.length && timingSafeEqual(one, other),
      random: (size) => randomBytes(size)
    })
  })
