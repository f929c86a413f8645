import { createHash, createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto"
import { Layer, Redacted } from "effect"
import { KeyHasher, unkeyed } from "../ports/KeyHasher.js"

/**
 * The hasher by `node:crypto`. The signing secret is taken as it is: its length is the caller's to check.
 *
 * @since 0.1.0
 */
export const layer = (signingSecret: Redacted.Redacted<string>): Layer.Layer<KeyHasher> =>
  Layer.sync(KeyHasher, () => {
    // As a KeyObject an HMAC costs a tenth of what it costs with a Buffer, and the secret stays out of the heap's strings.
    const secret = createSecretKey(Buffer.from(Redacted.value(signingSecret), "utf8"))
    const hmac = (text: string) => createHmac("sha256", secret).update(text, "utf8").digest()
    const secretId = hmac("@apikeys/core/secretId").toString("hex").slice(0, 16)

    return KeyHasher.of({
      digest: (plaintext) => ({ bytes: hmac(plaintext), secretId }),
      unkeyedDigest: (plaintext) => ({
        bytes: createHash("sha256").update(plaintext, "utf8").digest(),
        secretId: unkeyed
      }),
      equals: (one, other) => one.length === other.length && timingSafeEqual(one, other),
      random: (size) => randomBytes(size)
    })
  })
