import { assert, describe, it } from "@effect/vitest"
import { Effect, JSONSchema, Schema } from "effect"
import { Input, Metadata, OrganizationId, OrganizationName } from "../../src/index.js"

const Request = Schema.Struct({
  organizationId: Input.id(OrganizationId),
  name: OrganizationName,
  scopes: Input.Scopes,
  rateLimits: Input.RateLimits,
  metadata: Metadata,
  limit: Input.PageLimit,
  cursor: Input.PageCursor,
  cost: Input.Cost,
  overlap: Input.Timespan(0),
  colour: Schema.String.pipe(Schema.filter((text) => text === "red", Input.rule("is not red", { const: "red" })))
})

describe("Input", () => {
  it.effect("checks in the words of the services, and repeats no value", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Input.decode(Request)({
          organizationId: "hunter2",
          name: " ",
          scopes: [""],
          rateLimits: [{ requests: 0, window: "minute" }],
          metadata: [],
          limit: 1001,
          cursor: "",
          cost: -1,
          overlap: "soon",
          colour: "blue"
        })
      )
      assert.deepStrictEqual(
        error.issues.map(({ path, rule }) => `${path} ${rule}`),
        [
          "organizationId is not a UUID",
          "name is blank",
          "scopes.0 is blank",
          "rateLimits.0.requests is not a whole number from 1 to 10^15 - 1",
          "metadata is not a JSON object",
          "limit is not a whole number from 1 to 1000",
          "cursor is not a cursor",
          "cost is not a whole number from 0 to 2^53 - 1",
          'overlap is not a whole number of seconds from 0 to 10^9, or a text such as "24 hours"',
          "colour is not red"
        ]
      )
    })
  )

  it("documents the same rules as JSON Schema", () => {
    const { properties } = JSONSchema.make(Request, { target: "jsonSchema2020-12" }) as JSONSchema.JsonSchema7Object
    assert.deepInclude(properties["organizationId"], { type: "string", format: "uuid" })
    assert.deepInclude(properties["name"], { type: "string", minLength: 1, maxLength: 255 })
    assert.deepInclude(properties["scopes"], { type: "array", maxItems: 100 })
    assert.nestedInclude(properties["scopes"], { "items.minLength": 1, "items.maxLength": 128 })
    assert.deepInclude(properties["rateLimits"], { type: "array", maxItems: 16 })
    assert.nestedInclude(properties["rateLimits"], {
      "items.properties.requests.type": "integer",
      "items.properties.requests.maximum": 999_999_999_999_999,
      "items.properties.window.anyOf[1].maximum": 1_000_000_000
    })
    assert.deepInclude(properties["metadata"], { type: "object" })
    assert.deepInclude(properties["limit"], { type: "integer", minimum: 1, maximum: 1000 })
    assert.deepInclude(properties["cursor"], { type: "string", minLength: 1, maxLength: 256 })
    assert.deepInclude(properties["cost"], { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
    assert.nestedPropertyVal(properties, "overlap.anyOf[0].type", "integer")
    assert.nestedPropertyVal(properties, "colour.const", "red")
  })
})
