import { assert } from "vitest"
import { apiKey, bearer, type Case, noRateLimits, type Scene } from "./Case.js"

const preflight = [
  ["Origin", "https://app.example"],
  ["Access-Control-Request-Method", "GET"]
] as const

/** Requests of somebody without a key, none of which may reach the handler. */
const keptOut = (
  name: string,
  scene: Omit<Scene, "handler" | "afterwards">,
  handler: NonNullable<Scene["handler"]> = () => ({ body: {} })
): Case => ({
  name,
  scene: () => {
    let reached = 0
    return {
      ...scene,
      handler: (exchange) => {
        reached++
        return handler(exchange)
      },
      afterwards: () => assert.strictEqual(reached, 0, "reached the handler")
    }
  }
})

const refused = { status: 401, headers: noRateLimits }

/** What somebody tries who reads this code. */
export const adversaryCases: ReadonlyArray<Case> = [
  keptOut("a preflight with a request in its body", {
    steps: [
      {
        method: "OPTIONS",
        headers: [...preflight, ["Content-Length", "34"]],
        tail: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        expected: { status: 204, body: "" }
      }
    ]
  }),
  keptOut("a preflight that says by which method it is to be taken", {
    steps: ["GET", "POST"].map((method) => ({
      method: "OPTIONS",
      headers: [
        ...preflight,
        ["X-HTTP-Method-Override", method],
        ["X-HTTP-Method", method],
        ["X-Method-Override", method]
      ],
      expected: { status: 204, body: "" }
    }))
  }),
  keptOut("a preflight with empty fields", {
    steps: [
      {
        method: "OPTIONS",
        headers: [
          ["Origin", ""],
          ["Access-Control-Request-Method", ""]
        ],
        expected: { status: 204, body: "" }
      }
    ]
  }),
  keptOut("a request that says it is a preflight, and is none", {
    steps: ["GET", "POST", "HEAD"].map((method) => ({
      method,
      headers: [...preflight, ["X-HTTP-Method-Override", "OPTIONS"]],
      expected: refused
    }))
  }),
  keptOut("a key in fields that mean nothing here", {
    steps: Object.entries({
      "Proxy-Authorization": "Bearer key",
      "X-Forwarded-Authorization": "Bearer key",
      "X-Original-Authorization": "Bearer key",
      X_API_Key: "key",
      Connection: "X-API-Key",
      Cookie: "X-API-Key=key"
    }).map((header) => ({ headers: [header], expected: refused }))
  }),
  {
    name: "a good key in a trailer, a body or the path is none",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      const chunked = ["Transfer-Encoding", "chunked"] as const
      return {
        steps: [
          {
            method: "POST",
            headers: [chunked, ["Trailer", "X-API-Key"]],
            tail: `0\r\nX-API-Key: ${plaintext}\r\n\r\n`,
            expected: refused
          },
          {
            method: "POST",
            headers: [
              ["Content-Type", "application/x-www-form-urlencoded"],
              ["Content-Length", String(`access_token=${plaintext}`.length)]
            ],
            tail: `access_token=${plaintext}`,
            expected: refused
          },
          { path: `/?authorization=Bearer%20${plaintext}#x-api-key=${plaintext}`, expected: refused }
        ],
        afterwards: async () => assert.strictEqual((await world.client.getKey(key.id)).useCount, 0)
      }
    }
  },
  {
    name: "a key of one guard opens no other one by what was remembered of it",
    scene: async (world) => {
      const good = await world.createKey({ scopes: ["read"] })
      const other = await world.createKey()
      return {
        guards: [
          {},
          { optional: true, requiredScopes: ["read"], credentials: { bearer: false, headers: ["X-Second-Key"] } },
          { optional: true, requiredScopes: ["read"] }
        ],
        steps: [
          { headers: [bearer(good.plaintext)], expected: { status: 200 } },
          { headers: [bearer(good.plaintext), ["X-Second-Key", other.plaintext]], expected: { status: 403 } },
          { headers: [bearer(other.plaintext), ["X-Second-Key", good.plaintext]], expected: { status: 403 } },
          { headers: [bearer(good.plaintext), ["X-Second-Key", "nonsense"]], expected: { status: 401 } }
        ]
      }
    }
  },
  {
    name: "a second key behind a thousand fields is not overlooked",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const many = Array.from({ length: 900 }, (_, i): [string, string] => [`X-${i}`, ""])
      return {
        steps: [
          { headers: [apiKey(plaintext), ...many, bearer("another")], expected: { status: 400 } },
          { headers: [apiKey(plaintext), ...many, apiKey(plaintext)], expected: { status: 400 } }
        ]
      }
    }
  },
  {
    name: "options that are changed after they were checked change nothing",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const headers = ["X-Acme-Key"]
      const requiredScopes = ["write"]
      return {
        guards: [{ credentials: { bearer: false, headers }, requiredScopes }],
        handler: () => ({ body: {} }),
        move: () => {
          headers.splice(0, 1, "X-Other-Key")
          requiredScopes.splice(0)
        },
        steps: [
          { headers: [["X-Acme-Key", plaintext]], expected: { status: 403, headers: { vary: "X-Acme-Key" } } },
          { headers: [["X-Other-Key", plaintext]], expected: refused }
        ]
      }
    }
  }
]
