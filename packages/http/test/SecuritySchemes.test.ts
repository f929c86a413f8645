import { assert, describe, it } from "vitest"
import { securityRequirements, securitySchemes } from "../src/index.js"

describe("security schemes", () => {
  it("are those of the accepted fields, any of which is enough", () => {
    assert.deepStrictEqual(securitySchemes(), {
      bearer: { type: "http", scheme: "bearer", description: "An API key as a bearer token" },
      "X-API-Key": { type: "apiKey", in: "header", name: "X-API-Key", description: "An API key" }
    })
    assert.deepStrictEqual(securityRequirements(), [{ bearer: [] }, { "X-API-Key": [] }])
  })

  it("follow the options", () => {
    assert.deepStrictEqual(Object.keys(securitySchemes({ bearer: false, headers: ["Api-Key"] })), ["Api-Key"])
    assert.deepStrictEqual(securityRequirements({ headers: [] }), [{ bearer: [] }])
  })
})
