import { noStore } from "@apikeys/http"
import { bearer, type Case, type Scene } from "./Case.js"

const caches = (
  name: string,
  app: Pick<Scene, "before" | "handler" | "guards">,
  headers: Readonly<Record<string, string>>
): Case => ({
  name,
  scene: async (world) => {
    const { plaintext } = await world.createKey()
    const sent = [bearer(plaintext), ["X-Acme-Key", plaintext]] as const
    return { ...app, steps: [{ headers: sent, expected: { status: 200, headers } }] }
  }
})

const replying = (headers: Readonly<Record<string, string>>): Pick<Scene, "handler"> => ({
  handler: () => ({ headers, body: {} })
})

const stream = { "Content-Type": "text/event-stream" }
const body = "data: 1\n\n"

/** Ways to write past a framework, and what is different in the answer. */
const writings: ReadonlyArray<
  readonly [name: string, writes: NonNullable<Scene["writes"]>, headers: Readonly<Record<string, string>>]
> = [
  ["by writeHead", (response) => response.writeHead(200, stream).end(body), {}],
  [
    "by writeHead with a list",
    (response) => response.writeHead(200, ["Content-Type", "text/event-stream"]).end(body),
    {}
  ],
  [
    "by setHeader and write",
    (response) => {
      response.setHeader("Content-Type", "text/event-stream")
      response.write(body)
      response.end()
    },
    {}
  ],
  [
    "by flushHeaders",
    (response) => {
      response.setHeader("Content-Type", "text/event-stream")
      response.flushHeaders()
      response.end(body)
    },
    {}
  ],
  [
    "with fields of its own",
    (response) => response.writeHead(200, { ...stream, "CACHE-CONTROL": "no-cache", Vary: "Origin" }).end(body),
    { "cache-control": "no-cache", vary: "Origin" }
  ],
  [
    "with a list of fields of its own",
    (response) =>
      response.writeHead(200, "OK", ["content-type", "text/event-stream", "Cache-control", "no-cache"]).end(body),
    { "cache-control": "no-cache" }
  ],
  [
    "with fields that were set before",
    (response) => {
      response.setHeader("Cache-Control", "no-cache")
      response.writeHead(200, "OK", stream).end(body)
    },
    { "cache-control": "no-cache" }
  ]
]

/** Whom caches may give a guarded answer. */
export const cachingCases: ReadonlyArray<Case> = [
  caches("private, and by credential", {}, { "cache-control": "private", vary: "Authorization, X-API-Key" }),
  caches(
    "two guards say it once",
    { guards: [{}, {}] },
    { "cache-control": "private", vary: "Authorization, X-API-Key" }
  ),
  caches("the route's own value wins", replying({ "Cache-Control": "public, max-age=60", Vary: "Accept" }), {
    "cache-control": "public, max-age=60",
    vary: "Accept"
  }),
  caches(
    "what stood before is kept where it is stricter",
    { before: { "Cache-Control": "no-store" } },
    { "cache-control": "no-store" }
  ),
  ...(
    [
      ["public, max-age=60", "max-age=60, private"],
      ["s-maxage=600, Public", "private"],
      ["no-cache", "no-cache, private"],
      ["must-revalidate, max-age=0", "must-revalidate, max-age=0, private"],
      ['private="set-cookie"', "private"],
      ['no-cache="x-private-note, private", S-MaxAge="5"', 'no-cache="x-private-note, private", private'],
      ["x-private-note", "x-private-note, private"],
      ["x-note=no-store", "x-note=no-store, private"],
      ["no-storeroom, privateer", "no-storeroom, privateer, private"],
      ["PRIVATE, max-age=60", "PRIVATE, max-age=60"],
      ["private, s-maxage=5", "private"],
      ["no-store, public", "no-store"],
      ["no-store, max-age=0", "no-store, max-age=0"],
      [", ,", "private"]
    ] as const
  ).map(([before, after]) =>
    caches(`${before} set before becomes ${after}`, { before: { "Cache-Control": before } }, { "cache-control": after })
  ),
  caches(
    "Vary is added to",
    { before: { Vary: "Accept-Encoding, authorization" } },
    { vary: "Accept-Encoding, authorization, X-API-Key" }
  ),
  caches("Vary of everything stays", { before: { Vary: "*" } }, { vary: "*" }),
  caches(
    "guards with different credentials",
    { guards: [{}, { credentials: { bearer: false, headers: ["X-Acme-Key"] } }] },
    { vary: "Authorization, X-API-Key, X-Acme-Key" }
  ),
  caches("an answer with a plaintext key", replying(noStore), { "cache-control": "no-store" }),
  ...writings.map(
    ([name, writes, headers]): Case => ({
      name: `what is written past the framework ${name} has the fields`,
      scene: async (world) => {
        const { plaintext } = await world.createKey({ rateLimits: [{ name: "ten", requests: 10, window: "minute" }] })
        const expected = {
          status: 200,
          headers: {
            "content-type": "text/event-stream",
            "cache-control": "private",
            vary: "Authorization, X-API-Key",
            ratelimit: '"ten";r=9;t=44',
            "ratelimit-policy": '"ten";q=10;w=60',
            ...headers
          }
        }
        return { writes, guards: [{}, {}], steps: [{ headers: [bearer(plaintext)], expected }] }
      }
    })
  ),
  {
    name: "a refusal is not stored, whatever stood before",
    scene: () => ({
      before: { "Cache-Control": "public, max-age=60", Vary: "Accept" },
      steps: [
        {
          expected: { status: 401, headers: { "cache-control": "no-store", vary: "Accept, Authorization, X-API-Key" } }
        }
      ]
    })
  }
]
