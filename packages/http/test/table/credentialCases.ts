import { apiKey, bearer, type Case, noRateLimits, problem, refusal, type Scene } from "./Case.js"
import type { World } from "./World.js"

type Header = readonly [name: string, value: string]

const missing = {
  status: 401,
  headers: { ...refusal, ...noRateLimits, "www-authenticate": 'Bearer realm="api"' },
  body: problem(401, "missing_credential", "The request carries no API key")
}

const malformed = (detail: string) => ({
  status: 400,
  headers: { ...refusal, ...noRateLimits, "www-authenticate": 'Bearer realm="api", error="invalid_request"' },
  body: problem(400, "invalid_request", detail)
})

const invalid = {
  status: 401,
  headers: {
    ...refusal,
    ...noRateLimits,
    "www-authenticate": 'Bearer realm="api", error="invalid_token", error_description="The API key is invalid"'
  },
  body: problem(401, "invalid_key", "The API key is invalid")
}

const repeated = (field: string) => malformed(`The field ${field} is repeated`)
const joined = malformed("The field X-API-Key carries more than one key")
const notOne = malformed("The Authorization field does not carry exactly one key")
const nothingBehind = malformed("The Authorization field names the scheme Bearer, but carries no key")
const different = malformed("The request carries two different API keys")

/** A request with the headers that are made of a good key. */
const admits = (
  name: string,
  headers: (plaintext: string) => ReadonlyArray<Header>,
  options?: Scene["guards"]
): Case => ({
  name,
  scene: async (world) => {
    const { key, plaintext } = await world.createKey()
    const expected = { status: 200, headers: { "www-authenticate": null }, body: { key: key.id, useCount: 1 } }
    return { ...(options && { guards: options }), steps: [{ headers: headers(plaintext), expected }] }
  }
})

const refuses = (
  name: string,
  headers: (plaintext: string, world: World) => ReadonlyArray<Header>,
  expected: Scene["steps"][number]["expected"]
): Case => ({
  name,
  scene: async (world) => {
    const { key, plaintext } = await world.createKey()
    return {
      steps: [{ headers: headers(plaintext, world), expected }],
      afterwards: async () => {
        const { useCount } = await world.client.getKey(key.id)
        if (useCount !== 0) throw new Error(`A refused request counts as ${useCount} uses`)
      }
    }
  }
})

const onlyKeyHeader = [{ credentials: { bearer: false } }]
const onlyBearer = [{ credentials: { headers: [] } }]

/** Which requests present a key, and which do so in a way that cannot be understood. */
export const credentialCases: ReadonlyArray<Case> = [
  admits("X-API-Key", (key) => [apiKey(key)]),
  admits("a field's name in any case", (key) => [["x-aPi-kEY", key]]),
  admits("Authorization: Bearer", (key) => [bearer(key)]),
  admits("the scheme in lower case", (key) => [["authorization", `bearer ${key}`]]),
  admits("the scheme in upper case, and several spaces", (key) => [["AUTHORIZATION", `BEARER   ${key}  `]]),
  admits("white space around a key", (key) => [["X-API-Key", ` \t${key}\t `]]),
  admits("the same key twice, in either way", (key) => [bearer(key), apiKey(key)]),
  admits("an empty field beside a key", (key) => [["X-API-Key", ""], bearer(key)]),
  admits("Authorization of another scheme beside a key", (key) => [
    ["Authorization", "Basic dXNlcjpwYXNz"],
    apiKey(key)
  ]),
  admits("a field of another name", (key) => [["X-Acme-Key", key]], [{ credentials: { headers: ["x-acme-key"] } }]),
  admits("Bearer where it alone is accepted", (key) => [bearer(key), apiKey("something else")], onlyBearer),
  admits("X-API-Key where it alone is accepted", (key) => [bearer("something else"), apiKey(key)], onlyKeyHeader),
  admits("a repeated field that is not accepted", (key) => [bearer(key), apiKey("a"), apiKey("b")], onlyBearer),

  refuses("no credential", () => [], missing),
  refuses("an empty field", () => [["X-API-Key", ""]], missing),
  refuses(
    "two empty fields of different names",
    () => [
      ["X-API-Key", ""],
      ["Authorization", " "]
    ],
    missing
  ),
  refuses("Authorization of another scheme", () => [["Authorization", "Basic dXNlcjpwYXNz"]], missing),
  refuses("Bearer as the beginning of another scheme", (key) => [["Authorization", `BearerToken ${key}`]], missing),
  refuses(
    "another scheme before Bearer in one field",
    (key) => [["Authorization", `Basic dXNlcg==, Bearer ${key}`]],
    missing
  ),
  refuses("a key without a scheme in Authorization", (key) => [["Authorization", key]], missing),

  refuses("Bearer with nothing behind it", () => [["Authorization", "Bearer"]], nothingBehind),
  refuses("Bearer with spaces behind it", () => [["Authorization", "Bearer   "]], nothingBehind),
  refuses(
    "Bearer with nothing behind it, beside a key",
    (key) => [["Authorization", "bearer"], apiKey(key)],
    nothingBehind
  ),
  refuses("Bearer and a tab", (key) => [["Authorization", `Bearer\t${key}`]], notOne),
  refuses("two keys behind Bearer", (key) => [["Authorization", `Bearer ${key} ${key}`]], notOne),
  refuses("another scheme behind Bearer", (key) => [["Authorization", `Bearer ${key}, Basic dXNlcg==`]], notOne),
  refuses("Bearer twice, joined by a comma", (key) => [["Authorization", `Bearer ${key}, Bearer ${key}`]], notOne),
  refuses("X-API-Key twice, joined by a comma", (key) => [["X-API-Key", `${key}, ${key}`]], joined),
  refuses("X-API-Key 50 times, joined by commas", (key) => [["X-API-Key", Array(50).fill(key).join(",")]], joined),
  refuses("X-API-Key twice, with one value", (key) => [apiKey(key), apiKey(key)], repeated("X-API-Key")),
  refuses("X-API-Key twice, in different cases", (key) => [apiKey(key), ["x-api-key", key]], repeated("X-API-Key")),
  refuses("X-API-Key twice, the first one empty", (key) => [["X-API-Key", ""], apiKey(key)], repeated("X-API-Key")),
  refuses("Authorization twice", (key) => [bearer(key), bearer(key)], repeated("Authorization")),
  refuses(
    "Authorization twice, of two schemes",
    (key) => [["Authorization", "Basic eA=="], bearer(key)],
    repeated("Authorization")
  ),
  refuses("X-API-Key 200 times", (key) => Array.from({ length: 200 }, () => apiKey(key)), repeated("X-API-Key")),
  refuses("two different keys", (key, { revoked }) => [apiKey(key), bearer(revoked.plaintext)], different),
  refuses("two keys that differ in case alone", (key) => [apiKey(key.toUpperCase()), bearer(key)], different),

  refuses("a key in upper case", (key) => [apiKey(key.toUpperCase())], invalid),
  refuses("a key in lower case", (key) => [bearer(key.toLowerCase())], invalid),
  refuses("a percent-encoded key", (key) => [bearer(key.replace("_", "%5F"))], invalid),
  refuses("a scheme in X-API-Key", (key) => [apiKey(`Bearer ${key}`)], invalid),
  {
    name: "the query string is not read",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const path = `/?api_key=${plaintext}&access_token=${plaintext}&X-API-Key=${plaintext}`
      return { steps: [{ path, expected: missing }] }
    }
  },
  {
    name: "a CORS preflight is answered by the guard, and reaches no handler",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      const preflight: ReadonlyArray<Header> = [
        ["Origin", "https://app.example"],
        ["Access-Control-Request-Method", "GET"]
      ]
      const answered = {
        status: 204,
        headers: {
          ...noRateLimits,
          vary: "Authorization, X-API-Key",
          "www-authenticate": null,
          "content-type": null,
          "content-length": null,
          "access-control-allow-origin": null
        },
        body: ""
      }
      let handled = 0
      return {
        handler: () => {
          handled++
          return { body: {} }
        },
        steps: [
          { method: "OPTIONS", headers: preflight, expected: answered },
          { method: "OPTIONS", headers: [...preflight, apiKey(plaintext)], expected: answered },
          { method: "OPTIONS", headers: [...preflight, apiKey("nonsense")], expected: answered },
          { method: "OPTIONS", headers: preflight.slice(0, 1), expected: missing },
          { method: "OPTIONS", headers: preflight.slice(1), expected: missing },
          { method: "GET", headers: preflight, expected: missing }
        ],
        afterwards: async () => {
          if (handled > 0) throw new Error(`A stranger reached the handler ${handled} times`)
          const { useCount } = await world.client.getKey(key.id)
          if (useCount !== 0) throw new Error(`A preflight counts as ${useCount} uses`)
        }
      }
    }
  },
  {
    name: 'a CORS preflight is handed on with `preflight: "pass"`, by that guard alone',
    scene: () => {
      const headers: ReadonlyArray<Header> = [
        ["Origin", "https://app.example"],
        ["Access-Control-Request-Method", "GET"]
      ]
      return {
        guards: [{ preflight: "pass" }],
        steps: [
          {
            method: "OPTIONS",
            headers,
            expected: { status: 200, headers: { "www-authenticate": null, ...noRateLimits }, body: { key: null } }
          },
          { method: "OPTIONS", headers: headers.slice(1), expected: missing }
        ]
      }
    }
  },
  {
    name: "a CORS preflight that one guard hands on is answered by the next",
    scene: () => ({
      guards: [{ preflight: "pass" }, {}],
      steps: [
        {
          method: "OPTIONS",
          headers: [
            ["Origin", "https://app.example"],
            ["Access-Control-Request-Method", "GET"]
          ],
          expected: { status: 204, body: "" }
        }
      ]
    })
  },
  {
    name: "HEAD is answered like GET, without a body",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        steps: [
          {
            method: "HEAD",
            expected: { ...missing, body: "", headers: { ...missing.headers, "content-length": "128" } }
          },
          { method: "HEAD", headers: [apiKey(plaintext)], expected: { status: 200, body: "" } }
        ]
      }
    }
  },
  {
    name: "hideCredentials takes the key out of what runs later, and nothing else",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const handler: NonNullable<Scene["handler"]> = ({ headers, headersDistinct, rawHeaders }) => ({
        body: {
          rawHeaders: rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
          headers: Object.keys(headers),
          headersDistinct: Object.keys(headersDistinct),
          leaks: JSON.stringify([headers, headersDistinct, rawHeaders]).includes(plaintext)
        }
      })
      const seen = (...names: ReadonlyArray<string>) => ({
        status: 200,
        body: { rawHeaders: names, headers: names, headersDistinct: names, leaks: false }
      })
      const accept: Header = ["Accept", "*/*"]
      const basic: Header = ["Authorization", "Basic eA=="]
      return {
        // The second one has to make do with what the first one left.
        guards: [
          { hideCredentials: true, preflight: "pass" },
          { hideCredentials: true, preflight: "pass", requiredScopes: [] }
        ],
        handler,
        steps: [
          { headers: [bearer(plaintext), accept, apiKey(plaintext)], expected: seen("host", "connection", "accept") },
          { headers: [basic, apiKey(plaintext)], expected: seen("host", "connection", "authorization") },
          {
            method: "OPTIONS",
            headers: [["Origin", "https://app.example"], ["Access-Control-Request-Method", "GET"], apiKey(plaintext)],
            expected: seen("host", "connection", "origin", "access-control-request-method")
          }
        ]
      }
    }
  }
]
