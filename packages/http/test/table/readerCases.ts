import { basicUser, MalformedCredentialError, query, scheme } from "@apikeys/http"
import { assert } from "vitest"
import type { AnyOptions, AnyRequest, Exchange } from "./App.js"
import { apiKey, bearer, type Case, noRateLimits, problem, type Scene } from "./Case.js"

type Step = Omit<Scene["steps"][number], "expected">
type Credentials = NonNullable<AnyOptions["credentials"]>

const missing = {
  status: 401,
  headers: noRateLimits,
  body: problem(401, "missing_credential", "The request carries no API key")
}
const malformed = (detail: string) => ({ status: 400, body: problem(400, "invalid_request", detail) })
const basic = (userAndPassword: string) =>
  ["Authorization", `Basic ${Buffer.from(userAndPassword).toString("base64")}`] as const

/** Requests that are good with these credentials, and the answers to others. */
const reads = (
  name: string,
  credentials: Credentials,
  good: (key: string) => ReadonlyArray<Step>,
  others: (key: string) => ReadonlyArray<readonly [Step, Scene["steps"][number]["expected"]]>
): Case => ({
  name,
  scene: async (world) => {
    const { key, plaintext } = await world.createKey()
    return {
      guards: [{ credentials }],
      steps: [
        ...good(plaintext).map((step, i) => ({
          ...step,
          expected: { status: 200, body: { key: key.id, useCount: i + 1 } }
        })),
        ...others(plaintext).map(([step, expected]) => ({ ...step, expected }))
      ],
      afterwards: async () => {
        assert.strictEqual((await world.client.getKey(key.id)).useCount, good(plaintext).length)
      }
    }
  }
})

const elsewhere = { bearer: false, headers: [] }

const cookieOf = ({ headers }: { readonly headers: { readonly cookie?: string | undefined } }) =>
  /(?:^|; )key=([^;]*)/.exec(headers.cookie ?? "")?.[1]

/** Whether anything that runs later sees the key. */
const leaks =
  (plaintext: string) =>
  ({ headers, headersDistinct, rawHeaders, urls }: Exchange) => ({
    body: { leaks: JSON.stringify([headers, headersDistinct, rawHeaders, urls]).includes(plaintext), urls }
  })

/** Keys that come otherwise than in the two fields. */
export const readerCases: ReadonlyArray<Case> = [
  reads(
    "a function reads a key beside the fields",
    { read: cookieOf },
    (key) => [
      { headers: [["Cookie", `a=b; key=${key}`]] },
      { headers: [["Cookie", `key=${key}`], bearer(key)] },
      { headers: [["Cookie", "a=b"], apiKey(key)] },
      { headers: [["Cookie", "key="], apiKey(key)] }
    ],
    (key) => [
      [{ headers: [["Cookie", "a=b"]] }, missing],
      [
        { headers: [["Cookie", "key=nonsense"]] },
        { status: 401, body: problem(401, "invalid_key", "The API key is invalid") }
      ],
      [{ headers: [["Cookie", "key=another"], bearer(key)] }, malformed("The request carries two different API keys")],
      [{ headers: [["Cookie", `key=${key}`], apiKey(key), apiKey(key)] }, malformed("The field X-API-Key is repeated")]
    ]
  ),
  reads(
    "basicUser takes the user name of Basic",
    { ...elsewhere, read: basicUser },
    (key) => [
      { headers: [basic(`${key}:`)] },
      { headers: [basic(`${key}:any password: at all`)] },
      { headers: [["authorization", `bASIC   ${Buffer.from(`${key}:`).toString("base64")}`]] }
    ],
    (key) => [
      [{ headers: [bearer(key)] }, missing],
      [{ headers: [basic(":")] }, missing],
      [{ headers: [basic(key)] }, malformed("The Authorization field does not carry a user name of the scheme Basic")],
      [
        { headers: [["Authorization", "Basic $$$"]] },
        malformed("The Authorization field does not carry a user name of the scheme Basic")
      ],
      [
        { headers: [["Authorization", "Basic"]] },
        malformed("The Authorization field does not carry a user name of the scheme Basic")
      ],
      [{ headers: [basic(`${key}:`), basic(`${key}:`)] }, malformed("The field Authorization is repeated")]
    ]
  ),
  reads(
    "scheme takes a scheme of another name",
    { headers: [], read: scheme("Token") },
    (key) => [
      { headers: [["Authorization", `Token ${key}`]] },
      { headers: [["Authorization", `TOKEN  ${key} `]] },
      { headers: [bearer(key)] }
    ],
    (key) => [
      [{ headers: [["Authorization", `Tokenizer ${key}`]] }, missing],
      [{ headers: [["Authorization", key]] }, missing],
      [
        { headers: [["Authorization", "Token "]] },
        malformed("The Authorization field names the scheme Token, but carries no key")
      ],
      [
        { headers: [["Authorization", `Token ${key} ${key}`]] },
        malformed("The Authorization field does not carry exactly one key")
      ],
      [{ headers: [["Authorization", `Token ${key}`], bearer(key)] }, malformed("The field Authorization is repeated")]
    ]
  ),
  reads(
    "query takes a parameter",
    { ...elsewhere, read: query("api_key") },
    (key) => [
      { path: `/?api_key=${key}` },
      { path: `/?a=b&api%5Fkey=${key.replace("_", "%5F")}&c` },
      { path: `/?api_key=${key}`, headers: [bearer("not looked at")] }
    ],
    (key) => [
      [{ path: "/" }, missing],
      [{ path: "/?api_key=" }, missing],
      [{ path: `/?API_KEY=${key}` }, missing],
      [{ path: `/?api_key[]=${key}` }, missing],
      [{ path: `/?api_key=${key}&api_key=${key}` }, malformed("The parameter api_key is repeated")]
    ]
  ),
  {
    name: "query masks the key for what runs later, and later guards find it all the same",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const guard = (): Partial<AnyOptions> => ({ hideCredentials: true, credentials: { read: query("api_key") } })
      return {
        guards: [guard(), guard()],
        handler: leaks(plaintext),
        steps: [
          `/?a=%20b&api_key=${plaintext}&c`,
          `/?api%5Fkey=${plaintext}`,
          `/?api_key=${plaintext.replace("_", "%5F")}`
        ].map((path) => ({ path, expected: { status: 200 } })),
        afterwards: (answers) => {
          for (const { body } of answers) {
            assert.isFalse(JSON.parse(body).leaks, body)
            assert.notInclude(decodeURIComponent(body), plaintext)
          }
          assert.strictEqual(JSON.parse(answers[0]?.body ?? "").urls[0], "/?a=%20b&api_key=***&c")
        }
      }
    }
  },
  {
    name: "readers of Authorization hide it, and later guards find the key all the same",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const guard = (): Partial<AnyOptions> => ({ hideCredentials: true, credentials: { read: basicUser } })
      const encoded = basic(`${plaintext}:`)
      return {
        guards: [guard(), guard()],
        handler: ({ rawHeaders, headers }) => ({
          body: { left: JSON.stringify([rawHeaders, headers]).includes(encoded[1]) }
        }),
        steps: [{ headers: [encoded], expected: { status: 200, body: { left: false } } }]
      }
    }
  },
  {
    name: "a reader of the application's own may hide what it reads",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const read = Object.assign(cookieOf, {
        fields: ["Cookie"],
        hide: ({ headers }: AnyRequest) => {
          headers.cookie = "hidden"
        }
      })
      const guard = { hideCredentials: true, credentials: { ...elsewhere, read } }
      return {
        guards: [guard, guard],
        handler: ({ headers }) => ({ body: { cookie: headers.cookie } }),
        steps: [
          {
            headers: [["Cookie", `key=${plaintext}`]],
            expected: { status: 200, headers: { vary: "Cookie" }, body: { cookie: "hidden" } }
          }
        ]
      }
    }
  },
  {
    name: "a reader may refuse, and what else it throws or gives is no pass",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      const ways: ReadonlyArray<readonly [() => unknown, number]> = [
        [
          () => {
            throw new MalformedCredentialError({ reason: "Two cookies" })
          },
          400
        ],
        [
          () => {
            throw new Error("out of order")
          },
          500
        ],
        [() => 1, 500],
        [() => ({ toString: () => plaintext }), 500],
        [() => Promise.resolve(plaintext), 500],
        [() => Promise.reject(undefined), 500]
      ]
      return {
        guards: [
          { credentials: { read: ({ headers }) => ways[Number(headers["x-way"])]?.[0]() as never }, optional: true }
        ],
        steps: ways.map(([, status], i) => ({
          headers: [bearer(plaintext), ["X-Way", String(i)]],
          expected: { status }
        }))
      }
    }
  },
  {
    name: "optional lets requests without a credential go on, and refuses wrong ones",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      return {
        guards: [{ optional: true }],
        steps: [
          {
            expected: {
              status: 200,
              headers: { ...noRateLimits, vary: "Authorization, X-API-Key", "cache-control": "private" },
              body: { key: null }
            }
          },
          { headers: [["X-API-Key", ""]], expected: { status: 200, body: { key: null } } },
          { headers: [["Authorization", "Basic eA=="]], expected: { status: 200, body: { key: null } } },
          { headers: [bearer(plaintext)], expected: { status: 200, body: { key: key.id, useCount: 1 } } },
          { headers: [bearer("nonsense")], expected: { status: 401 } },
          { headers: [["Authorization", "Bearer"]], expected: { status: 400 } },
          { headers: [apiKey(plaintext), apiKey(plaintext)], expected: { status: 400 } },
          { headers: [bearer(world.revoked.plaintext)], expected: { status: 403 } }
        ]
      }
    }
  },
  {
    name: "optional is each guard's own",
    scene: async (world) => {
      const { key, plaintext } = await world.createKey()
      return {
        guards: [{ optional: true }, {}],
        steps: [
          { expected: missing },
          { headers: [bearer(plaintext)], expected: { status: 200, body: { key: key.id, useCount: 1 } } }
        ]
      }
    }
  },
  {
    name: "a key that something moved into the headers is read, and hidden",
    scene: async (world) => {
      const { plaintext } = await world.createKey()
      return {
        move: (headers) => {
          headers["x-api-key"] = headers.cookie?.split("=")[1]
        },
        guards: [{ hideCredentials: true }, { hideCredentials: true }],
        handler: ({ apiKey, headers }) => ({ body: { known: apiKey != null, left: headers["x-api-key"] ?? null } }),
        steps: [
          { headers: [["Cookie", `key=${plaintext}`]], expected: { status: 200, body: { known: true, left: null } } },
          { headers: [["Cookie", `key=${plaintext}`], bearer(plaintext)], expected: { status: 200 } },
          { headers: [["Cookie", "key=another"], bearer(plaintext)], expected: { status: 400 } },
          { headers: [["Cookie", "key="]], expected: missing },
          // What came is what counts, where it came.
          { headers: [["Cookie", "key=another"], apiKey(plaintext)], expected: { status: 200 } }
        ]
      }
    }
  }
]
