import type { RateLimitOptions } from "@apikeys/core"
import { assert } from "vitest"
import type { AnyOptions } from "./App.js"
import { bearer, type Case, noRateLimits, refusal } from "./Case.js"
import { now } from "./World.js"

const burst: RateLimitOptions = { name: "burst", requests: 2, window: "minute" }
const daily: RateLimitOptions = { name: "daily", requests: 5000, window: "day" }

const quotaTitle = "Request cannot be satisfied as assigned quota has been exceeded"
const untilMidnight = 12 * 3600 - 16

/** The fields of `requests` answers under these limits, the last of which may be a refusal. */
const limited = (
  name: string,
  rateLimits: ReadonlyArray<RateLimitOptions>,
  answers: ReadonlyArray<readonly [status: number, headers: Readonly<Record<string, string | null>>]>,
  options: Partial<AnyOptions> = {}
): Case => ({
  name,
  scene: async (world) => {
    const { plaintext } = await world.createKey({ rateLimits })
    const steps = answers.map(([status, headers]) => ({ headers: [bearer(plaintext)], expected: { status, headers } }))
    return { guards: [options], steps }
  }
})

const reset = (seconds: number) => String(Math.ceil(now.getTime() / 1000) + seconds)

/** What callers are told of their limits. */
export const rateLimitCases: ReadonlyArray<Case> = [
  limited(
    "draft-11 by default: all policies, and the limit of which the smallest share is left",
    [burst, daily],
    [
      [
        200,
        {
          "ratelimit-policy": '"burst";q=2;w=60, "daily";q=5000;w=86400',
          ratelimit: '"burst";r=1;t=44',
          "retry-after": null
        }
      ],
      [200, { ratelimit: '"burst";r=0;t=44' }],
      [
        429,
        {
          ...refusal,
          "ratelimit-policy": '"burst";q=2;w=60, "daily";q=5000;w=86400',
          ratelimit: '"burst";r=0;t=44',
          "retry-after": "44"
        }
      ]
    ]
  ),
  limited(
    "draft-7",
    [burst, daily],
    [
      [200, { "ratelimit-policy": "2;w=60, 5000;w=86400", ratelimit: "limit=2, remaining=1, reset=44" }],
      [200, { ratelimit: "limit=2, remaining=0, reset=44" }],
      [429, { ratelimit: "limit=2, remaining=0, reset=44", "retry-after": "44" }]
    ],
    { rateLimitHeaders: "draft-7" }
  ),
  limited(
    "legacy",
    [burst, daily],
    [
      [200, { ...noRateLimits, "x-ratelimit-limit": "2", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "44" }],
      [200, { "x-ratelimit-remaining": "0" }],
      [429, { "x-ratelimit-limit": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "44", "retry-after": "44" }]
    ],
    { rateLimitHeaders: "legacy" }
  ),
  limited(
    "legacy-epoch",
    [burst],
    [
      [
        200,
        { ...noRateLimits, "x-ratelimit-limit": "2", "x-ratelimit-remaining": "1", "x-ratelimit-reset": reset(44) }
      ],
      [200, {}],
      [429, { "x-ratelimit-reset": reset(44), "retry-after": "44" }]
    ],
    { rateLimitHeaders: "legacy-epoch" }
  ),
  limited(
    "none",
    [burst],
    [
      [200, noRateLimits],
      [200, {}],
      [429, { ...noRateLimits, "retry-after": "44" }]
    ],
    { rateLimitHeaders: "none" }
  ),
  limited(
    "a token bucket: its burst, and the seconds that fill it",
    [{ requests: 60, window: "minute", algorithm: "token-bucket", burst: 90 }],
    [[200, { "ratelimit-policy": '"default";q=90;w=90', ratelimit: '"default";r=89;t=1' }]]
  ),
  limited(
    "a refusal tells the limit with the longest wait",
    [
      { ...burst, requests: 1 },
      { ...daily, requests: 1 }
    ],
    [
      [200, {}],
      [429, { ratelimit: `"daily";r=0;t=${untilMidnight}`, "retry-after": String(untilMidnight) }]
    ]
  ),
  limited(
    "the largest limit there is",
    [{ requests: 999_999_999_999_999, window: 1_000_000_000 }],
    [[200, { "ratelimit-policy": '"default";q=999999999999999;w=1000000000' }]]
  ),
  limited("a cost takes that much", [daily], [[200, { ratelimit: `"daily";r=4990;t=${untilMidnight}` }]], { cost: 10 }),
  limited(
    "a cost of 0 looks without taking, and passes an exhausted limit",
    [burst],
    [[200, { ratelimit: '"burst";r=2;t=44' }]],
    { cost: 0 }
  ),
  limited(
    "limits that are not checked are not told",
    [burst],
    [
      [200, noRateLimits],
      [200, {}],
      [200, {}]
    ],
    { checkRateLimit: false }
  ),
  {
    name: "a refusal says which limits refused, and costs nothing",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ rateLimits: [{ ...burst, requests: 1 }, daily] })
      const headers = [bearer(plaintext)]
      const refused = {
        status: 429,
        headers: { ...refusal, "www-authenticate": null },
        body: {
          type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
          title: quotaTitle,
          status: 429,
          detail: "A rate limit of the API key is exhausted; retry in 44 s",
          code: "quota_exceeded",
          "violated-policies": ["burst"],
          keyId: key.id,
          retryAfterSeconds: 44,
          limits: [
            {
              name: "burst",
              algorithm: "fixed-window",
              requests: 1,
              window: "minute",
              burst: null,
              windowSeconds: 60,
              remaining: 0,
              resetAfterSeconds: 44,
              retryAfterSeconds: 44
            },
            {
              name: "daily",
              algorithm: "fixed-window",
              requests: 5000,
              window: "day",
              burst: null,
              windowSeconds: 86400,
              remaining: 4999,
              resetAfterSeconds: untilMidnight,
              retryAfterSeconds: 0
            }
          ]
        }
      }
      return {
        steps: [
          { headers, expected: { status: 200 } },
          { headers, expected: refused },
          { headers, expected: refused }
        ],
        afterwards: async () => {
          const [, day] = await world.client.getLimits(key.id)
          assert.strictEqual(day?.remaining, 4999)
          assert.strictEqual((await world.client.getKey(key.id)).useCount, 1)
        }
      }
    }
  },
  {
    name: "a cost that never fits has no Retry-After, and no time",
    scene: async (world) => {
      const { plaintext } = await world.createKey({ rateLimits: [burst] })
      return {
        guards: [{ cost: 3 }],
        steps: [
          {
            headers: [bearer(plaintext)],
            expected: { status: 429, headers: { "retry-after": null, ratelimit: '"burst";r=0' } }
          }
        ]
      }
    }
  },
  {
    name: "a request that is not to be tracked is charged, and is no use",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey({ rateLimits: [burst] })
      return {
        guards: [{ trackUsage: false }],
        steps: [
          {
            headers: [bearer(plaintext)],
            expected: { status: 200, headers: { ratelimit: '"burst";r=1;t=44' }, body: { key: key.id, useCount: 0 } }
          }
        ]
      }
    }
  }
]
