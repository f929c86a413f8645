import { DateTime, Effect, Either, FastCheck as fc } from "effect"
import { expect, it } from "vitest"
import { decodeBySchema } from "../../src/services/keys/importInput.js"
import { decodePlain } from "../../src/services/keys/plainImport.js"

const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"))
const odd = fc.constantFrom<unknown>(null, undefined, "", " x ", "é", "\0", 0, -1, 1.5, Number.NaN, [], {}, true)
/** Nearly always of the right kind: else hardly any input would be plain as a whole. */
const mostly = <A>(arbitrary: fc.Arbitrary<A>) => fc.oneof({ weight: 15, arbitrary }, { weight: 1, arbitrary: odd })
const text = mostly(fc.string({ maxLength: 30 }))
const id = mostly(fc.uuid())
const date = mostly(fc.date({ min: new Date(-1), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }))
const limit = fc.oneof(
  fc.record({
    requests: mostly(fc.integer({ min: 1 })),
    window: mostly(fc.constantFrom("second", "minute", "hour", "day", "month"))
  }),
  fc.record({ name: text, requests: fc.nat(), window: fc.constant("day") })
)

const input = fc.record(
  {
    organizationId: id,
    projectId: id,
    id,
    name: text,
    scopes: mostly(fc.array(mostly(fc.constantFrom("read", "a:*", "*", "write")), { maxLength: 4 })),
    rateLimits: mostly(fc.array(limit, { maxLength: 2 })),
    digest: fc.oneof(
      { weight: 10, arbitrary: fc.record({ algorithm: fc.constantFrom("hmac-sha256", "sha256"), hex }) },
      {
        weight: 5,
        arbitrary: fc.record({
          algorithm: fc.constant("hmac-sha256"),
          hex,
          previousSecret: fc.oneof(fc.nat(20), odd)
        })
      },
      fc.record({ algorithm: fc.constant("md5"), hex }),
      fc.record({ algorithm: fc.constant("sha256"), base64: fc.base64String({ maxLength: 44 }) }),
      odd
    ),
    createdAt: date,
    expiresAt: date,
    revokedAt: date,
    useCount: mostly(fc.maxSafeNat()),
    metadata: fc.oneof(fc.object(), odd)
  },
  { requiredKeys: ["organizationId"] }
)

const comparable = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([field, value]) => [field, DateTime.isDateTime(value) ? value.epochMillis : value])
  )

it("makes of what is plain the very thing that the schema makes of it, and accepts nothing that the schema refuses", () => {
  let plain = 0
  fc.assert(
    fc.property(input, (value) => {
      const fast = decodePlain(value)
      if (fast === null) return
      plain++
      const slow = Effect.runSync(Effect.either(decodeBySchema(value)))
      expect(Either.isRight(slow) ? comparable(slow.right) : slow.left.issues).toEqual(comparable(fast))
    }),
    { numRuns: 1000 }
  )
  expect(plain).toBeGreaterThan(20)
})

it("leaves to the schema what it cannot read", () => {
  const throwing = Object.defineProperty({}, "name", { enumerable: true, get: () => JSON.parse("") })
  for (const value of [null, undefined, 1, "x", {}, throwing]) expect(decodePlain(value)).toBeNull()
})

it("overlooks no member, also of those that no loop shows", () => {
  const made = { organizationId: crypto.randomUUID(), digest: { algorithm: "sha256", hex: "ab".repeat(32) } }
  const hidden = (object: object, name: string, value: unknown) => Object.defineProperty({ ...object }, name, { value })
  const limit = hidden({ requests: 1, window: "day" }, "algorithm", "sliding-window")
  expect(decodePlain(hidden(made, "expiresAt", new Date(1)))).toMatchObject({ expiresAt: DateTime.unsafeMake(1) })
  expect(decodePlain({ ...made, rateLimits: [limit] })).toBeNull()
  expect(decodePlain({ ...made, digest: hidden(made.digest, "previousSecret", 0) })).toBeNull()
  expect(decodePlain({ ...made, [Symbol("id")]: 1 })).toBeNull()
})
