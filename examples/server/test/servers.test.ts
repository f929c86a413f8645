import type { Store } from "@apikeys/core"
import { MysqlStore } from "@apikeys/store-mysql"
import { PgStore } from "@apikeys/store-pg"
import { describe, expect, it } from "vitest"
import { selectedServices, testDatabase } from "../../../scripts/services/testing.js"
import { makeApi, makeCustomer } from "./server/Api.js"
import { raceToBootstrap } from "./server/bootstrapRace.js"
import { signingSecret, startWithClaimedName } from "./server/claimedName.js"
import { makeFolder } from "./server/folder.js"
import { stopUnderLoad } from "./server/shutdownUnderLoad.js"
import { adminKeyIn, spawnServer } from "./server/startServer.js"

const storeAt = (url: string): Store =>
  url.startsWith("postgres") ? PgStore.layer({ url }) : MysqlStore.layer({ url })

for (const { service, title } of selectedServices("pg", "mysql", "mariadb")) {
  const racing = await testDatabase(service)
  const serving = await testDatabase(service)
  const claimed = await testDatabase(service)
  const envOf = ({ url }: { readonly url: string }) => ({
    DATABASE_URL: url,
    APIKEYS_SIGNING_SECRET: signingSecret
  })

  describe(`on ${title}`, { timeout: 120_000 }, () => {
    it("three at once, each in a folder of its own, make one admin key, which is told once", () =>
      raceToBootstrap([makeFolder(), makeFolder(), makeFolder()], envOf(racing)))

    it("takes no other holder of the reserved name for the operators, but one that it is to adopt", () =>
      startWithClaimedName(makeFolder(), storeAt(claimed.url), envOf(claimed)))

    it("manages, verifies and guards, and stops with everything answered and counted", async () => {
      const folder = makeFolder()
      await stopUnderLoad({ folder, env: envOf(serving) }, "SIGTERM")

      const server = spawnServer({ folder, env: envOf(serving) })
      const api = makeApi(await server.listening, adminKeyIn(folder))
      const { keyId, organizationId, plaintext, productId } = await makeCustomer(api, {
        rateLimits: [{ requests: 2, window: "day" }],
        metadata: { plan: "pro" }
      })
      expect((await api("POST", "/v1/verify", { body: { key: plaintext, productId } })).body).toMatchObject({
        valid: true,
        key: { id: keyId, useCount: 1, metadata: { plan: "pro" } },
        limits: [{ remaining: 1 }]
      })
      const path = `/v1/products/${productId}/protected`
      expect((await api("GET", path, { key: plaintext })).status).toBe(200)
      expect((await api("GET", path, { key: plaintext })).status).toBe(429)
      expect((await api("GET", "/v1/organizations", { key: plaintext })).status).toBe(403)
      expect((await api("GET", `/v1/keys?organizationId=${organizationId}`)).body.items).toHaveLength(1)
      expect((await api("POST", `/v1/keys/${keyId}/revoke`)).body.status).toBe("revoked")
      expect((await api("POST", "/v1/verify", { body: { key: plaintext, productId } })).body.valid).toBe(false)
      expect((await api("DELETE", `/v1/keys/${keyId}`)).status).toBe(204)
      expect((await api("DELETE", `/v1/organizations/${organizationId}`)).status).toBe(204)
      server.kill("SIGTERM")
      expect(await server.exited).toBe(0)
      expect(server.output()).not.toContain(plaintext.slice(6))
    })
  })
}
