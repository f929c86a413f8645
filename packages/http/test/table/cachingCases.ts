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
  caches(
    "what stood before is replaced where it is laxer",
    { before: { "Cache-Control": "public, max-age=60" } },
    { "cache-control": "private" }
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
