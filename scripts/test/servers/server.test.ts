import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { account } from "../../services/account.mjs"
import { backends, selectedBackends } from "../../services/backends.mjs"
import { answers, createDatabase, serverVersion, withConnection } from "../../services/database.mjs"
import { childrenOf, isAlive } from "../../services/processTree.mjs"
import type { Server } from "../../services/Service.js"
import { startServer } from "../../services/server.mjs"
import { serviceNames, services } from "../../services/services.mjs"
import { until } from "./until.js"

// A server may have to be downloaded first.
const timeout = 600_000
const names = serviceNames.filter((name) => selectedBackends().some((backend) => backends[backend].service === name))

/** A folder for scratch data, with a space in its name, which shows what is left of it. */
const scratchFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "a scratch "))
  chmodSync(folder, 0o777)
  return folder
}

const count = (url: string) =>
  withConnection(url, async (query) => Number((await query("select count(*) as n from notes"))[0]?.["n"]))

const write = (url: string, statement: string) => withConnection(url, (query) => query(statement))

describe.each(names)("a server of one's own: %s", (name) => {
  const scratch = scratchFolder()
  let server: Server

  beforeAll(async () => {
    const { TMPDIR } = process.env
    process.env.TMPDIR = scratch
    server = await startServer(name)
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }, timeout)

  afterAll(async () => {
    await server.stop()
    rmSync(scratch, { recursive: true })
  })

  it("listens on loopback, to those who know its password", async () => {
    const url = new URL(server.url)
    expect(url.hostname).toBe("127.0.0.1")
    expect(url.pathname).toBe("/apikeys")
    expect(await serverVersion(server.url)).toMatch(/^\d+\.\d+/)
    url.password = "guessed"
    expect(await answers(url.href)).toBe(false)
    url.username = name === "pg" ? "postgres" : "root"
    url.password = ""
    expect(await answers(url.href)).toBe(false)
  })

  it("makes databases, each for itself, and drops them though they are in use", async () => {
    const [first, second] = await Promise.all([createDatabase(server.url), createDatabase(server.url)])
    await write(first.url, "create table notes (id int)")
    await expect(count(second.url)).rejects.toThrow()
    await second.drop()
    await withConnection(first.url, async (query) => {
      await query("begin")
      await query("insert into notes values (1)")
      await first.drop()
    }).catch(() => undefined)
    expect(await answers(first.url)).toBe(false)
    await first.drop()
  })

  it("loses nothing that it has answered when it is killed, and starts again at the same place", async () => {
    await write(server.url, "create table notes (id int)")
    const { pid, url } = server
    for (let n = 1; n <= 20; n += 1) await write(url, `insert into notes values (${n})`)
    await server.kill()
    expect(isAlive(pid)).toBe(false)
    expect(await answers(url)).toBe(false)
    await expect(server.kill()).rejects.toThrow("does not run")
    await server.restart()
    expect(server.url).toBe(url)
    expect(server.pid).not.toBe(pid)
    expect(await count(url)).toBe(20)
  }, 60_000)

  it("starts again while it runs", async () => {
    const { pid } = server
    await server.restart()
    expect(isAlive(pid)).toBe(false)
    expect(await count(server.url)).toBe(20)
  }, 60_000)

  it("hangs, with connections that are open, and goes on", async () => {
    await withConnection(server.url, async (query) => {
      await query("select 1")
      await server.kill("SIGSTOP")
      const answer = query("select 1").then(() => "answered")
      const hung = await Promise.race([answer, new Promise((resolve) => setTimeout(() => resolve("hung"), 500))])
      expect(hung).toBe("hung")
      await server.kill("SIGCONT")
      expect(await answer).toBe("answered")
    })
  })

  it.runIf(process.platform === "linux")("does not run as root", () => {
    const [, uid] = readFileSync(`/proc/${server.pid}/status`, "utf8").match(/^Uid:\s+(\d+)/m) ?? []
    expect(Number(uid)).toBe(account?.uid ?? process.getuid?.())
    expect(uid).not.toBe("0")
  })

  it("takes further settings, and runs beside another with data of its own", async () => {
    const settings = name === "pg" ? ["-c", "max_connections=17"] : ["--max-connections=17"]
    const [one, two] = await Promise.all([startServer(name, { settings }), startServer(name)])
    try {
      const limitOf = (url: string) =>
        withConnection(url, async (query) => {
          const [row] = await query(
            name === "pg" ? "show max_connections" : "select @@max_connections as max_connections"
          )
          return Number(row?.["max_connections"])
        })
      expect(await limitOf(one.url)).toBe(17)
      expect(await limitOf(two.url)).toBe(500)
      await expect(count(two.url)).rejects.toThrow()
    } finally {
      await Promise.all([one.stop(), two.stop()])
    }
    expect(await answers(one.url)).toBe(false)
  }, 60_000)

  it("is as durable as in production where that is asked for", async () => {
    const { durability, variable } = services[name]
    const [fast, durable] = await Promise.all([startServer(name), startServer(name, { settings: durability })])
    try {
      const keeps = (url: string) =>
        withConnection(url, async (query) => {
          const [row] = await query(
            name === "pg"
              ? "show fsync"
              : "select @@innodb_flush_method as method, @@innodb_flush_log_at_trx_commit as log"
          )
          return Object.values(row ?? {}).map((value) => String(value).toLowerCase())
        })
      expect(await keeps(durable.url), variable).toEqual(name === "pg" ? ["on"] : ["fsync", "1"])
      expect(await keeps(fast.url), variable).toEqual(name === "pg" ? ["off"] : ["nosync", "2"])
    } finally {
      await Promise.all([fast.stop(), durable.stop()])
    }
  }, 60_000)

  it("says why it does not start", async () => {
    const settings = name === "pg" ? ["-c", "no_such_setting=1"] : ["--no-such-setting"]
    await expect(startServer(name, { settings })).rejects.toThrow(/no.such.setting/)
  }, 60_000)

  it("is stopped while it hangs, and leaves no process and no file", async () => {
    const pids = [server.pid, ...childrenOf(server.pid)]
    expect(readdirSync(scratch)).toHaveLength(1)
    await server.kill("SIGSTOP")
    await server.stop()
    expect(pids.filter(isAlive)).toEqual([])
    expect(readdirSync(scratch)).toEqual([])
    await server.stop()
    await expect(server.kill()).rejects.toThrow("has ended")
  })
})

describe("a server, when the process that started it", () => {
  const [name = "pg"] = names

  /** A process that starts a server, says where, and then does as it is told. */
  const startParent = async (then: string) => {
    const scratch = scratchFolder()
    onTestFinished(() => rmSync(scratch, { recursive: true }))
    const module = new URL("../../services/server.mjs", import.meta.url)
    const script = `
      const { startServer } = await import(${JSON.stringify(module.href)})
      const server = await startServer(${JSON.stringify(name)})
      console.log(JSON.stringify(server))
      ${then}`
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      env: { ...process.env, TMPDIR: scratch },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [text] = await once(child.stdout, "data")
    const server = JSON.parse(String(text)) as { readonly pid: number; readonly url: string }
    const supervisor = childrenOf(child.pid!)[0]!
    const left = () => [server.pid, supervisor, ...childrenOf(server.pid)].filter(isAlive)
    return { child, scratch, server, supervisor, left }
  }

  const wait = "setInterval(() => undefined, 1000)"

  it.each([
    ["is killed", wait, "SIGKILL"],
    ["is terminated", wait, "SIGTERM"],
    ["is interrupted", wait, "SIGINT"],
    ["throws", "throw new Error('on purpose')", undefined],
    ["exits", "process.exit(3)", undefined],
    ["comes to its end", "", undefined]
  ] as const)(
    "%s, ends and takes its data with it",
    async (_how, then, signal) => {
      const { child, left, scratch } = await startParent(then)
      if (signal !== undefined) child.kill(signal)
      await until(() => left().length === 0)
      await until(() => readdirSync(scratch).length === 0)
    },
    60_000
  )

  it.runIf(process.platform === "linux")(
    "still runs, ends with its supervisor",
    async () => {
      const { child, left, supervisor } = await startParent(wait)
      process.kill(supervisor, "SIGKILL")
      await until(() => left().length === 0)
      child.kill("SIGKILL")
    },
    60_000
  )
})
