import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { makeApi } from "./Api.js"
import { spawnServer } from "./startServer.js"

const keyForm = /myapp_[0-9A-Za-z]{49}/g

/**
 * Three processes start at once on an empty database: they make one admin key, which is told once, and is good
 * everywhere.
 */
export const raceToBootstrap = async (
  folders: readonly [string, string, string],
  env: Readonly<Record<string, string>>
) => {
  const servers = folders.map((folder) => spawnServer({ folder, env }))
  const addresses = await Promise.all(servers.map(({ listening }) => listening))
  const files = [...new Set(folders)].map((folder) => join(folder, "apikeys-admin.key")).filter(existsSync)
  expect(files).toHaveLength(1)
  const text = readFileSync(files[0]!, "utf8")
  expect(text.match(keyForm)).toHaveLength(1)
  expect(statSync(files[0]!).mode & 0o777).toBe(0o600)
  expect(servers.filter(({ output }) => output().includes("The first admin key is in"))).toHaveLength(1)
  for (const { output } of servers) expect(output()).not.toMatch(keyForm)

  for (const address of addresses) {
    const api = makeApi(address, text.trim())
    const keys = await api("GET", "/v1/keys")
    expect(keys).toMatchObject({ status: 200, body: { items: [{ name: "First admin key", scopes: ["*"] }] } })
    expect(keys.body.items).toHaveLength(1)
  }
  // No draft of a file is left behind.
  for (const folder of folders) expect(readdirSync(folder).filter((name) => /\.[0-9a-f-]{36}$/.test(name))).toEqual([])
  for (const server of servers) server.kill("SIGTERM")
  expect(await Promise.all(servers.map(({ exited }) => exited))).toEqual([0, 0, 0])
}
