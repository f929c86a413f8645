// The servers of a whole run, of which these tests start some.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { backends, selectedBackends } from "../../services/backends.mjs"
import { root } from "../../services/cache.mjs"
import { answers, withConnection } from "../../services/database.mjs"
import { childrenOf, isAlive, send } from "../../services/processTree.mjs"
import { startServer } from "../../services/server.mjs"
import { services } from "../../services/services.mjs"
import { until } from "./until.js"

const backend = selectedBackends().find((name) => backends[name].service !== undefined) ?? "pg"
const service = backends[backend].service ?? "pg"
const { title } = backends[backend]
const timeout = 300_000

const servicesFolder = join(root, "scripts/services")
const testing = JSON.stringify(join(servicesFolder, "testing.ts"))

const config = (wanted: ReadonlyArray<string>) => `
  export default {
    test: {
      include: ["*.test.ts"],
      reporters: ["default", ${JSON.stringify(join(root, "scripts/reporter.ts"))}],
      provide: { wantedServices: ${JSON.stringify(wanted)} },
      globalSetup: ${JSON.stringify(join(servicesFolder, "globalSetup.ts"))},
      setupFiles: ${JSON.stringify(join(servicesFolder, "endWithParent.ts"))},
      pool: "forks"
    }
  }`

/** Starts vitest in a folder of its own with these test files. */
const startRun = (
  tests: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  wanted: ReadonlyArray<string> = [service]
) => {
  // Inside of the workspace, so that imports resolve as they do for its packages.
  const parent = join(root, "node_modules/.cache")
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, "a run "))
  const scratch = mkdtempSync(join(tmpdir(), "a scratch "))
  chmodSync(scratch, 0o777)
  onTestFinished(() => {
    for (const each of [folder, scratch]) rmSync(each, { recursive: true, force: true })
  })
  writeFileSync(join(folder, "vitest.config.mjs"), config(wanted))
  for (const [name, source] of Object.entries(tests)) writeFileSync(join(folder, `${name}.test.ts`), source)

  const child = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run"], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", TMPDIR: scratch, APIKEYS_TEST_STORES: backend, VITEST: "", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text
    })
  }
  const ended = once(child, "close").then(([code]) => ({ code, output, lines: output.trimEnd().split("\n") }))
  // vitest's own files are its own affair.
  const left = () => readdirSync(scratch).filter((name) => name.startsWith("apikeys-"))
  return { child, ended, folder, left }
}

/** The processes that a process has started, and theirs. */
const descendantsOf = (pid: number): ReadonlyArray<number> =>
  childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])

/** A file that puts down where its server and its database are. */
const file = (body: string, contract = `store contract: ${title}`) => `
  import { writeFileSync } from "node:fs"
  import { setTimeout as sleep } from "node:timers/promises"
  import { describe, expect, it } from "vitest"
  import { serverUrl, testDatabase, withConnection } from ${testing}
  const { url, name } = await testDatabase(${JSON.stringify(service)})
  writeFileSync(name + ".json", JSON.stringify({ url, server: serverUrl(${JSON.stringify(service)}) }))
  describe(${JSON.stringify(contract)}, () => {
    describe("health", () => {
      ${body}
    })
  })`

const passes = `it("reaches its database", () => withConnection(url, (query) => query("create table notes (id int)")))`
const fails = `it("fails", () => expect(1).toBe(2))`
const waits = `it("waits", () => sleep(60_000), 60_000)`

const placesIn = (folder: string): ReadonlyArray<{ readonly url: string; readonly server: string }> =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")))

describe("a run", () => {
  it(
    "has one server, and a database for each file",
    async () => {
      const { ended, folder, left } = startRun({ one: file(passes), two: file(passes) })
      const { code, lines, output } = await ended
      expect(output).toContain(`${services[service].title} `)
      expect(code).toBe(0)
      expect(lines.at(-1)).toBe("2 passed, 0 failed")
      const places = placesIn(folder)
      expect(new Set(places.map(({ server }) => server)).size).toBe(1)
      expect(new Set(places.map(({ url }) => url)).size).toBe(2)
      expect(await answers(places[0]!.server)).toBe(false)
      expect(left()).toEqual([])
    },
    timeout
  )

  it(
    "ends with a table of what was proven, and one line",
    async () => {
      const { ended } = startRun({
        one: file(`${passes}\n${fails}`),
        two: file("it.todo('NOT PROVEN')", `store contract: ${title} too`)
      })
      const { code, lines, output } = await ended
      expect(code).toBe(1)
      expect(lines.at(-1)).toBe("1 passed, 1 failed, 1 skipped")
      expect(lines.find((line) => line.startsWith("tests passed "))?.split(/\s{2,}/)).toEqual([
        "tests passed",
        title,
        `${title} too`
      ])
      expect(output).toMatch(/^ {2}health +1 passed, 1 FAILED +not proven$/m)
    },
    timeout
  )

  it(
    "fails when a selected store was not tested",
    async () => {
      const { ended } = startRun(
        { one: file(passes, "store contract: another") },
        { APIKEYS_TEST_STORES: `memory,${backend}` }
      )
      const { code, lines, output } = await ended
      expect(code).toBe(1)
      expect(output).toContain("memory is selected, and no test of its store contract ran.")
      expect(output).toContain(`${title} is selected, and no test of its store contract ran.`)
      expect(lines.at(-1)).toBe("1 passed, 2 failed")
    },
    timeout
  )

  it(
    "stops its servers when tests fail, or files do not load",
    async () => {
      const { ended, folder, left } = startRun({ one: file(fails), two: file("throw new Error('on purpose')") })
      const { code } = await ended
      expect(code).toBe(1)
      for (const { server } of placesIn(folder)) expect(await answers(server)).toBe(false)
      expect(left()).toEqual([])
    },
    timeout
  )

  it.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
    "leaves nothing behind when it ends by %s",
    async (signal) => {
      const { child, ended, folder, left } = startRun({ one: file(waits) })
      await until(() => placesIn(folder).length > 0, timeout)
      const [place] = placesIn(folder)
      expect(await answers(place!.server)).toBe(true)
      const tree = descendantsOf(child.pid!)
      expect(tree.length).toBeGreaterThan(0)
      onTestFinished(() => {
        for (const pid of tree) send(pid, "SIGKILL")
      })
      child.kill(signal)
      await ended
      await until(() => left().length === 0 && !tree.some(isAlive), 30_000)
      expect(await answers(place!.server)).toBe(false)
    },
    timeout
  )

  it(
    "takes the server that the environment names, and leaves it as it was",
    async () => {
      const server = await startServer(service)
      onTestFinished(() => server.stop())
      const { ended, folder, left } = startRun({ one: file(passes) }, { [services[service].variable]: server.url })
      const { code, output } = await ended
      expect(code).toBe(0)
      expect(output).toContain(`given by ${services[service].variable}`)
      expect(output).not.toContain(new URL(server.url).password)
      expect(placesIn(folder).map((place) => place.server)).toEqual([server.url])
      expect(left()).toEqual([])
      expect(isAlive(server.pid)).toBe(true)
      const list =
        service === "pg"
          ? "select datname as name from pg_database"
          : "select schema_name as name from information_schema.schemata"
      const names = await withConnection(server.url, (query) => query(list))
      expect(names.filter(({ name }) => String(name).startsWith("apikeys_test_"))).toEqual([])
    },
    timeout
  )

  it.each([
    ["does not answer", "127.0.0.1:9/apikeys"],
    ["is no URL", ""]
  ])(
    "fails before any test when the server that the environment names %s",
    async (_how, place) => {
      const { protocol, variable } = services[service]
      const { ended, folder } = startRun(
        { one: file(passes) },
        { [variable]: place === "" ? "localhost" : `${protocol}://a:b@${place}` }
      )
      const { code, output } = await ended
      expect(code).not.toBe(0)
      expect(output).toMatch(new RegExp(`${variable} (names does not answer|is no URL)`))
      expect(placesIn(folder)).toEqual([])
    },
    timeout
  )

  it(
    "starts no server that no file needs",
    async () => {
      const alone = 'import { it } from "vitest"\nit("passes", () => undefined)'
      const { ended } = startRun({ one: alone }, { APIKEYS_TEST_STORES: "memory" }, [])
      expect((await ended).output).not.toContain(`${services[service].title} `)
    },
    timeout
  )
})
