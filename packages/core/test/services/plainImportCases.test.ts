import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { decodeBySchema } from "../../src/services/keys/importInput.js"
import { decodePlain } from "../../src/services/keys/plainImport.js"

const plain = {
  id: "0f0e0d0c-0b0a-4000-8000-0123456789ab",
  organizationId: "0f0e0d0c-0b0a-4000-8000-0123456789ac",
  projectId: null,
  name: "Alice's key",
  scopes: ["read", "docs:*", "read"],
  digest: { algorithm: "hmac-sha256", hex: "0f".repeat(32) },
  createdAt: new Date("2024-01-02T03:04:05.678Z"),
  useCount: 7
}

const limit = { requests: 5, window: "minute" }

/** Inputs that are decoded without the schema. */
const plainLimits: ReadonlyArray<ReadonlyArray<unknown>> = [
  [],
  [limit],
  [{ ...limit, name: "burst" }],
  [{ ...limit, algorithm: "fixed-window" }],
  [{ name: "default", requests: 999_999_999_999_999, window: "month", algorithm: "sliding-window" }]
]

/** Inputs that are for the schema, be they right or wrong. */
const otherLimits: ReadonlyArray<unknown> = [
  [limit, { ...limit, name: "second" }],
  [{ ...limit, requests: 0 }],
  [{ ...limit, requests: 1_000_000_000_000_000 }],
  [{ ...limit, requests: 1.5 }],
  [{ ...limit, window: 30 }],
  [{ ...limit, window: "fortnight" }],
  [{ ...limit, name: "" }],
  [{ ...limit, name: "two words" }],
  [{ ...limit, name: null }],
  [{ ...limit, algorithm: "token-bucket" }],
  [{ ...limit, algorithm: "none" }],
  [{ ...limit, burst: 7 }],
  [null],
  "none"
]

const bySchema = (input: unknown) => Effect.runSync(Effect.either(decodeBySchema(input)))

describe("decodePlain", () => {
  it.each(plainLimits.map((rateLimits) => [rateLimits]))(
    "makes of limits %j what the schema makes of them",
    (rateLimits) => {
      const decoded = decodePlain({ ...plain, rateLimits })
      expect(decoded).not.toBeNull()
      expect(Either.right({ ...decoded })).toEqual(bySchema({ ...plain, rateLimits }))
    }
  )

  it.each(otherLimits.map((rateLimits) => [rateLimits]))("leaves limits %j to the schema", (rateLimits) => {
    expect(decodePlain({ ...plain, rateLimits })).toBeNull()
  })
})
