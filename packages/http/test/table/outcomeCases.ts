import { randomBytes } from "node:crypto"
import { KeyToken, StoreError } from "@apikeys/core"
import { apiKey, bearer, type Case, noRateLimits, problem, refusal } from "./Case.js"
import { expiredAt } from "./World.js"

const invalidDescription = 'error="invalid_token", error_description="The API key is invalid"'

const invalid = {
  status: 401,
  headers: { ...refusal, ...noRateLimits, "www-authenticate": `Bearer realm="api", ${invalidDescription}` },
  body: problem(401, "invalid_key", "The API key is invalid")
}

const unavailable = {
  status: 503,
  headers: { ...refusal, ...noRateLimits, "retry-after": "5", "www-authenticate": null },
  body: problem(503, "store_unavailable", "The service cannot answer right now")
}

const unknownKey = (head = "myapp") => KeyToken.issue(head, randomBytes)

/** Every row of the table of outcomes. */
export const outcomeCases: ReadonlyArray<Case> = [
  {
    name: "an accepted key is on the request, and counts",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      const step = (useCount: number) => ({
        headers: [bearer(plaintext)],
        expected: { status: 200, headers: { ...noRateLimits }, body: { key: key.id, useCount } }
      })
      return { steps: [step(1), step(2), step(3)] }
    }
  },
  {
    name: "a key that was never issued, one of another deployment, and none at all are invalid alike",
    scene: () => ({
      steps: [unknownKey(), unknownKey("other"), "nonsense", `myapp_${"0".repeat(49)}`].map((plaintext) => ({
        headers: [apiKey(plaintext)],
        expected: invalid
      }))
    })
  },
  {
    name: "an expired key",
    scene: ({ expired }) => {
      const detail = `The API key expired at ${expiredAt.toISOString()}`
      const challenge = `Bearer realm="api", error="invalid_token", error_description="${detail}"`
      const body = problem(401, "expired_key", detail, { keyId: expired.key.id, expiredAt })
      const headers = { ...refusal, ...noRateLimits, "www-authenticate": challenge }
      return { steps: [{ headers: [bearer(expired.plaintext)], expected: { status: 401, headers, body } }] }
    }
  },
  ...([403, 401] as const).map(
    (status): Case => ({
      name: `a disabled key, answered with ${status}`,
      scene: async ({ client, createKey }) => {
        const { key, plaintext } = await createKey()
        const { disabledAt } = await client.disableKey(key.id)
        const challenge = status === 401 ? 'Bearer realm="api", error="invalid_token"' : null
        const detail = `The API key was disabled at ${disabledAt?.toISOString()}`
        const body = problem(status, "disabled_key", detail, { keyId: key.id, disabledAt })
        const headers = { ...refusal, ...noRateLimits, "www-authenticate": challenge }
        return {
          guards: status === 403 ? [{}] : [{ revokedStatus: 401 }],
          steps: [{ headers: [bearer(plaintext)], expected: { status, headers, body } }]
        }
      }
    })
  ),
  ...([403, 401] as const).map(
    (status): Case => ({
      name: `a revoked key, answered with ${status}`,
      scene: async ({ client, revoked }) => {
        const { revokedAt } = await client.getKey(revoked.key.id)
        const challenge = status === 401 ? 'Bearer realm="api", error="invalid_token"' : null
        const detail = `The API key was revoked at ${revokedAt?.toISOString()}`
        const body = problem(status, "revoked_key", detail, { keyId: revoked.key.id, revokedAt })
        const headers = { ...refusal, ...noRateLimits, "www-authenticate": challenge }
        return {
          guards: status === 403 ? [{}] : [{ revokedStatus: 401 }],
          steps: [{ headers: [bearer(revoked.plaintext)], expected: { status, headers, body } }]
        }
      }
    })
  ),
  {
    name: "a missing scope",
    scene: async (world) => {
      const limits = { rateLimits: [{ requests: 10, window: "minute" as const }] }
      const { key, plaintext } = await world.createKey({ scopes: ["read"], ...limits })
      const granted = await world.createKey({ scopes: ["read", "write"] })
      const body = problem(403, "insufficient_scope", "The API key lacks the scope write", {
        keyId: key.id,
        required: ["read", "write"],
        missing: ["write"]
      })
      const challenge = 'Bearer realm="api", error="insufficient_scope", scope="read write"'
      const headers = { ...refusal, ...noRateLimits, "www-authenticate": challenge }
      return {
        guards: [{ requiredScopes: ["read", "write"] }],
        steps: [
          { headers: [bearer(plaintext)], expected: { status: 403, headers, body } },
          { headers: [bearer(granted.plaintext)], expected: { status: 200 } }
        ]
      }
    }
  },
  {
    name: "an organization, project or product that the key is not for",
    scene: async (world) => {
      const { organizationId, otherOrganizationId, otherProductId, otherProjectId, productId, projectId } = world
      const { key, plaintext } = await world.createKey({ projectId, productId })
      const unknown = "00000000-0000-7000-8000-000000000000"
      const rules = [
        ["organization", { organizationId: otherOrganizationId }],
        ["organization", { organizationId: unknown }],
        ["project", { organizationId, projectId: otherProjectId }],
        ["product", { organizationId, projectId, productId: otherProductId }],
        [null, { organizationId, projectId, productId }]
      ] as const
      return {
        guards: [
          {
            organizationId: ({ headers }) => rules[Number(headers["x-rule"])]?.[1].organizationId ?? null,
            projectId: ({ headers }) => ({ projectId: null, ...rules[Number(headers["x-rule"])]?.[1] }).projectId,
            productId: ({ headers }) => ({ productId: null, ...rules[Number(headers["x-rule"])]?.[1] }).productId
          }
        ],
        steps: rules.map(([constraint], i) => ({
          headers: [bearer(plaintext), ["X-Rule", String(i)]],
          expected:
            constraint === null
              ? { status: 200, body: { key: key.id, useCount: 1 } }
              : {
                  status: 403,
                  headers: { ...refusal, ...noRateLimits, "www-authenticate": null },
                  body: problem(403, "key_not_allowed", `The API key is not allowed for this ${constraint}`, {
                    keyId: key.id,
                    constraint
                  })
                }
        }))
      }
    }
  },
  {
    name: "a store that is down: neither a refusal of the key nor a pass",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return { guards: [{ client: world.down }], steps: [{ headers: [bearer(plaintext)], expected: unavailable }] }
    }
  },
  {
    name: "a store that fails names neither itself nor its operation",
    scene: () => {
      const error = new StoreError({ operation: "KeyStore.find", retryable: true, reason: "pg 08006 at db.internal" })
      return {
        guards: [{ client: { validateKey: () => Promise.reject(error) } }],
        steps: [{ headers: [bearer(unknownKey())], expected: unavailable }]
      }
    }
  },
  {
    name: "too many unknown keys from one client: good keys wait as well, and strangers are told no limits",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ rateLimits: [{ requests: 5, window: "day" }] })
      const refused = {
        status: 429,
        headers: { ...refusal, ...noRateLimits, "retry-after": "44", "www-authenticate": null },
        body: {
          type: "https://iana.org/assignments/http-problem-types#abnormal-usage-detected",
          title: "Request not satisfied due to detection of abnormal request pattern",
          status: 429,
          detail: "Too many unknown API keys came from this address; retry in 44 s",
          code: "too_many_failures",
          retryAfterSeconds: 44
        }
      }
      return {
        guards: [{ failureLimit: { requests: 2, window: "minute" }, rateLimitHeaders: "none" }],
        steps: [
          { headers: [bearer(unknownKey())], expected: invalid },
          { headers: [bearer(plaintext)], expected: { status: 200, body: { key: key.id, useCount: 1 } } },
          // No key, and a key that is known, are no guesses.
          { expected: { status: 401 } },
          { headers: [bearer(world.expired.plaintext)], expected: { status: 401 } },
          { headers: [bearer("nonsense")], expected: invalid },
          { headers: [bearer(unknownKey())], expected: refused },
          { headers: [bearer(plaintext), ["X-Forwarded-For", "203.0.113.9"]], expected: refused },
          { expected: { status: 401 } }
        ]
      }
    }
  },
  {
    name: "behind a proxy that is trusted, clients are told apart, and an IPv6 client is its /64",
    scene: () => {
      const from = (address: string) => ({ headers: [bearer(unknownKey()), ["X-Forwarded-For", address]] as const })
      const refused = { status: 429, headers: { "retry-after": "44" } }
      return {
        trustProxy: true,
        guards: [{ failureLimit: { requests: 1, window: "minute" } }],
        steps: [
          { ...from("2001:db8:0:1::1"), expected: invalid },
          { ...from("2001:db8:0:1:ffff::2"), expected: refused },
          { ...from("2001:db8:0:2::1"), expected: invalid },
          { ...from("203.0.113.9"), expected: invalid },
          { ...from("::ffff:203.0.113.9"), expected: refused }
        ]
      }
    }
  },
  {
    name: "the realm is an option, and escaped",
    scene: () => ({
      guards: [{ realm: 'Acme "API" \\ v1' }],
      steps: [
        {
          expected: { status: 401, headers: { "www-authenticate": 'Bearer realm="Acme \\"API\\" \\\\ v1"' } }
        }
      ]
    })
  },
  {
    name: "where Bearer is not accepted, the challenge names another scheme",
    scene: ({ expired }) => {
      const headers = { ...refusal, vary: "X-API-Key" }
      return {
        guards: [{ credentials: { bearer: false }, challengeScheme: "Acme" }],
        steps: [
          { expected: { status: 401, headers: { ...headers, "www-authenticate": 'Acme realm="api"' } } },
          {
            headers: [bearer(expired.plaintext)],
            expected: { status: 401, body: problem(401, "missing_credential", "The request carries no API key") }
          },
          {
            headers: [apiKey(unknownKey())],
            expected: {
              status: 401,
              headers: { ...headers, "www-authenticate": `Acme realm="api", ${invalidDescription}` }
            }
          }
        ]
      }
    }
  },
  {
    name: "a scheme of its own stands in for Bearer by default",
    scene: () => ({
      guards: [{ credentials: { bearer: false, headers: ["Api-Key", "X-Acme-Key"] } }],
      steps: [
        {
          expected: { status: 401, headers: { "www-authenticate": 'ApiKey realm="api"', vary: "Api-Key, X-Acme-Key" } }
        }
      ]
    })
  }
]
