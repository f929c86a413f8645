import { ApiKeyClient, MemoryStore } from "@apikeys/core"
import { assert } from "vitest"
import type { AnyOptions, AnyRequest } from "./App.js"
import { bearer, type Case, noRateLimits, problem, refusal } from "./Case.js"

const ten = { name: "ten", requests: 10, window: "minute" as const }

/** A chain of guards, and what is left of 10 after it. */
const chain = (
  name: string,
  guards: ReadonlyArray<Partial<AnyOptions>>,
  left: { readonly remaining: number; readonly useCount: number; readonly told: string | null }
): Case => ({
  name,
  scene: async (world) => {
    const { key, plaintext } = await world.createKey({ rateLimits: [ten], scopes: ["read"] })
    return {
      guards,
      steps: [
        {
          headers: [bearer(plaintext)],
          expected: { status: 200, headers: { ratelimit: left.told }, body: { key: key.id, useCount: left.useCount } }
        }
      ],
      afterwards: async () => {
        const [limit] = await world.client.getLimits(key.id)
        assert.strictEqual(limit?.remaining, left.remaining)
        assert.strictEqual((await world.client.getKey(key.id)).useCount, left.useCount)
      }
    }
  }
})

/** A rule by request that is broken by the application: neither the caller's fault nor a pass. */
const mistake = (name: string, options: Partial<AnyOptions>): Case => ({
  name,
  scene: async (world) => {
    const { key, plaintext } = await world.createKey({ rateLimits: [ten] })
    return {
      guards: [options],
      steps: [{ headers: [bearer(plaintext)], expected: { status: 500, headers: noRateLimits } }],
      afterwards: async () => assert.strictEqual((await world.client.getKey(key.id)).useCount, 0)
    }
  }
})

/** What may be thrown, in words. */
const thrown: ReadonlyArray<readonly [name: string, value: unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["an empty string", ""],
  ["a string", "no way"],
  ["the name of a jump in Express", "route"],
  ["the other one", "router"],
  ["0", 0],
  ["false", false],
  ["an object", {}],
  ["a frozen error", Object.freeze(new Error("frozen"))],
  ["a promise", Promise.resolve()],
  ["a proxy whose traps throw", new Proxy({}, { get: fails, getPrototypeOf: fails, has: fails })],
  ["a symbol", Symbol("no way")],
  [
    "an error with a status of success",
    Object.freeze(Object.assign(new Error("fine"), { status: 200, statusCode: 200 }))
  ],
  ["an error whose status cannot be read", Object.defineProperty(new Error("no"), "status", { get: fails })],
  ["an error whose stack cannot be read", Object.defineProperty(new Error("no"), "stack", { get: fails })],
  ["a proxy of an error that cannot be read", new Proxy(new Error("no"), { get: fails })],
  ["an error without a prototype", Object.setPrototypeOf(new Error("bare"), null)]
]

function fails(): never {
  // biome-ignore lint/style/useThrowOnlyError: what is tried here.
  throw undefined
}

/** Whatever a function of the application throws, on each way out of a guard, is no pass. */
const throwing = ([name, value]: readonly [name: string, value: unknown]): ReadonlyArray<Case> => {
  const raise = (): never => {
    throw value
  }
  const reject = () => Promise.reject(value)
  return [
    mistake(`a client that rejects with ${name} is no pass`, { client: { validateKey: reject } }),
    mistake(`a client that throws ${name} is no pass`, { client: { validateKey: raise } }),
    mistake(`a client that throws ${name} at once is no pass`, {
      client: { validateKey: reject, tryValidateKey: raise }
    }),
    mistake(`a function for the client that throws ${name} is no pass`, { client: raise }),
    mistake(`a rule that throws ${name} is no pass`, { cost: raise }),
    mistake(`an id that throws ${name} is no pass`, { organizationId: raise }),
    mistake(`an onError that throws ${name} is no pass`, { requiredScopes: ["none"], onError: raise }),
    mistake(`an onError that rejects with ${name} is no pass`, { requiredScopes: ["none"], onError: reject })
  ]
}

const one = { remaining: 9, useCount: 1, told: '"ten";r=9;t=44' }
const read = { requiredScopes: ["read"] }
const nothing = (() => undefined) as never

/** One request is charged once, however many guards it passes. */
export const guardCases: ReadonlyArray<Case> = [
  chain("two guards alike charge once", [{}, {}], one),
  chain("five guards with rules of their own charge once", [{}, read, {}, read, read], one),
  chain("a guard that costs more charges the difference", [{}, { cost: 5 }], {
    remaining: 5,
    useCount: 1,
    told: '"ten";r=5;t=44'
  }),
  chain("a guard that costs less charges nothing", [{ cost: 5 }, { cost: 2 }, read], {
    remaining: 5,
    useCount: 1,
    told: '"ten";r=5;t=44'
  }),
  chain("costs that rise twice", [{ cost: 2 }, { cost: 5 }, { cost: 4 }, { cost: 8 }], {
    remaining: 2,
    useCount: 1,
    told: '"ten";r=2;t=44'
  }),
  chain("a guard that looks, and one that takes", [{ cost: 0 }, {}], one),
  chain("a guard that does not check limits, and one that does", [{ checkRateLimit: false }, {}], one),
  chain("a guard that checks limits, and one that does not", [{}, { checkRateLimit: false, cost: 7 }], one),
  chain("a guard that does not track, and one that does", [{ trackUsage: false }, {}], one),
  chain("a guard that tracks, and one that does not", [{}, { trackUsage: false, cost: 3 }], {
    remaining: 7,
    useCount: 1,
    told: '"ten";r=7;t=44'
  }),
  chain("none that checks limits", [{ checkRateLimit: false }, { checkRateLimit: false }], {
    remaining: 10,
    useCount: 1,
    told: null
  }),
  {
    name: "a later guard checks its own rules",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ scopes: ["read"], rateLimits: [ten] })
      const body = problem(403, "insufficient_scope", "The API key lacks the scope write", {
        keyId: key.id,
        required: ["write"],
        missing: ["write"]
      })
      return {
        guards: [read, { requiredScopes: ["write"] }],
        steps: [
          {
            headers: [bearer(plaintext)],
            expected: { status: 403, headers: { ...refusal, ratelimit: '"ten";r=9;t=44' }, body }
          }
        ]
      }
    }
  },
  {
    name: "a later guard's cost does not fit any more",
    scene: async (world) => {
      const { plaintext } = await world.createKey({ rateLimits: [{ ...ten, requests: 3 }] })
      const headers = [bearer(plaintext)]
      return {
        guards: [{}, { cost: 3 }],
        steps: [
          { headers, expected: { status: 200, headers: { ratelimit: '"ten";r=0;t=44' } } },
          { headers, expected: { status: 429, headers: { ratelimit: '"ten";r=0;t=44', "retry-after": "44" } } }
        ]
      }
    }
  },
  {
    name: "a later guard's cost never fits, although the difference would",
    scene: async (world) => {
      const { plaintext } = await world.createKey({ rateLimits: [ten] })
      return {
        guards: [{}, { cost: 11 }],
        steps: [
          {
            headers: [bearer(plaintext)],
            expected: { status: 429, headers: { ratelimit: '"ten";r=0', "retry-after": null } }
          }
        ]
      }
    }
  },
  {
    name: "guards of two clients take a key each, and charge each its own",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ rateLimits: [ten] })
      const inner = await ApiKeyClient.open({
        store: MemoryStore.layer,
        signingSecret: "another secret of 32 characters: 0123456789",
        keyPrefix: "inner"
      })
      const organization = await inner.createOrganization({ name: "Gateway" })
      const gateway = await inner.createKey({ organizationId: organization.id })
      return {
        guards: [
          { hideCredentials: true },
          { client: inner, credentials: { bearer: false, headers: ["X-Gateway-Key"] } },
          { hideCredentials: true }
        ],
        handler: ({ apiKey }) => ({ body: { key: apiKey?.id } }),
        steps: [
          {
            headers: [bearer(plaintext), ["X-Gateway-Key", gateway.plaintext]],
            expected: { status: 200, body: { key: key.id } }
          },
          {
            headers: [bearer(plaintext)],
            expected: { status: 401, headers: { "www-authenticate": 'ApiKey realm="api"' } }
          }
        ],
        afterwards: async () => {
          assert.strictEqual((await inner.getKey(gateway.key.id)).useCount, 1)
          assert.strictEqual((await world.client.getKey(key.id)).useCount, 2)
          await inner.close()
        }
      }
    }
  },
  {
    name: "the client may depend on the request",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      const client = ({ headers }: AnyRequest) => (headers["x-region"] === "down" ? world.down : world.client)
      return {
        guards: [{ client }],
        steps: [
          { headers: [bearer(plaintext)], expected: { status: 200, body: { key: key.id, useCount: 1 } } },
          { headers: [bearer(plaintext), ["X-Region", "down"]], expected: { status: 503 } }
        ]
      }
    }
  },
  {
    name: "rules may depend on the request",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ scopes: ["read"], rateLimits: [ten] })
      return {
        guards: [
          {
            requiredScopes: ({ headers }) => [String(headers["x-scope"])],
            cost: ({ headers }) => Number(headers["x-cost"]),
            checkRateLimit: ({ headers }) => headers["x-free"] === undefined,
            trackUsage: ({ headers }) => headers["x-free"] === undefined
          }
        ],
        steps: [
          {
            headers: [bearer(plaintext), ["X-Scope", "read"], ["X-Cost", "4"]],
            expected: { status: 200, headers: { ratelimit: '"ten";r=6;t=44' }, body: { key: key.id, useCount: 1 } }
          },
          {
            headers: [bearer(plaintext), ["X-Scope", "read"], ["X-Cost", "4"], ["X-Free", "1"]],
            expected: { status: 200, headers: noRateLimits, body: { key: key.id, useCount: 1 } }
          },
          { headers: [bearer(plaintext), ["X-Scope", "write"], ["X-Cost", "1"]], expected: { status: 403 } }
        ]
      }
    }
  },
  {
    name: "an id of the request that is none is the caller's fault",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        guards: [{ productId: ({ headers }) => String(headers["x-product"]) }],
        steps: [
          {
            headers: [bearer(plaintext), ["X-Product", "1 or 1=1"]],
            expected: {
              status: 400,
              headers: { ...refusal, "www-authenticate": null },
              body: problem(400, "invalid_input", "productId is not a UUID", {
                issues: [{ path: "productId", rule: "is not a UUID" }]
              })
            }
          }
        ]
      }
    }
  },
  mistake("an id that is undefined asks for something, and is no pass", { organizationId: nothing }),
  mistake("scopes that are undefined are no pass", { requiredScopes: nothing }),
  mistake("a scope that is none is no pass", { requiredScopes: () => ["read write"] }),
  mistake("a cost that is none is no pass", { cost: () => Number.NaN }),
  mistake("a client that is none is no pass", { client: nothing }),
  mistake("a rule that throws is no pass", {
    cost: () => {
      throw new Error("out of order")
    }
  }),
  mistake("a client that throws what nobody knows is no pass", {
    client: { validateKey: () => Promise.reject(new Error("out of order")) }
  }),
  mistake("a client that gives nothing is no pass", { client: { validateKey: nothing } }),
  mistake("a client that gives no key is no pass", { client: { validateKey: () => Promise.resolve({} as never) } }),
  mistake("a client that gives a promise at once is no pass", {
    client: { validateKey: nothing, tryValidateKey: () => Promise.reject(undefined) as never }
  }),
  mistake("a client that gives what is never settled by its own then is no pass", {
    client: {
      // biome-ignore lint/suspicious/noThenProperty: what is tried here.
      validateKey: () => ({ then: (_: unknown, rejected: (thrown: unknown) => void) => rejected(undefined) }) as never
    }
  }),
  mistake("a rule that gives a promise is no pass, and its rejection ends nothing", {
    organizationId: () => Promise.reject(undefined) as never
  }),
  ...thrown.flatMap(throwing),
  {
    name: "each guard reads its own fields: a key for one is none for another",
    scene: async (world) => {
      const app = await world.createKey()
      const user = await world.createKey()
      const fields = (name: string): Partial<AnyOptions> => ({ credentials: { bearer: false, headers: [name] } })
      const refused = (code: string) => ({
        status: 401,
        headers: { vary: "X-App-Key, X-User-Key" },
        body: code === "missing_credential" ? missing : problem(401, "invalid_key", "The API key is invalid")
      })
      const missing = problem(401, "missing_credential", "The request carries no API key")
      const withKeys = (...values: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
        values.map((value, i) => [i === 0 ? "X-App-Key" : "X-User-Key", value])
      return {
        guards: [fields("X-App-Key"), fields("X-User-Key")],
        steps: [
          { headers: withKeys(app.plaintext), expected: refused("missing_credential") },
          { headers: withKeys(app.plaintext, "nonsense"), expected: refused("invalid_key") },
          { headers: withKeys(app.plaintext, ""), expected: refused("missing_credential") },
          { headers: withKeys(app.plaintext, world.revoked.plaintext), expected: { status: 403 } },
          {
            headers: withKeys(app.plaintext, user.plaintext),
            expected: { status: 200, body: { key: user.key.id, useCount: 1 } }
          },
          // The same key for both is one request of it.
          {
            headers: withKeys(user.plaintext, user.plaintext),
            expected: { status: 200, body: { key: user.key.id, useCount: 2 } }
          }
        ],
        afterwards: async () => {
          assert.strictEqual((await world.client.getKey(app.key.id)).useCount, 5)
          assert.strictEqual((await world.client.getKey(user.key.id)).useCount, 2)
        }
      }
    }
  }
]
