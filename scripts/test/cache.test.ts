import { randomBytes } from "node:crypto"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { cached, root } from "../services/cache.mjs"

const cache = join(root, ".cache/services")

const newName = () => {
  const name = `test-${randomBytes(6).toString("hex")}`
  onTestFinished(() => rmSync(join(cache, name), { recursive: true, force: true }))
  return name
}

it("makes a folder once", async () => {
  const name = newName()
  const first = await cached(name, async (folder) => writeFile(join(folder, "file"), "made"))
  const second = await cached(name, () => Promise.reject(new Error("made again")))
  expect(first).toBe(second)
  expect(readFileSync(join(first, "file"), "utf8")).toBe("made")
})

it("shows nothing of what is not complete", async () => {
  const name = newName()
  const failing = cached(name, async (folder) => {
    await writeFile(join(folder, "file"), "half")
    expect(existsSync(join(cache, name))).toBe(false)
    throw new Error("the network is down")
  })
  await expect(failing).rejects.toThrow("the network is down")
  expect(readdirSync(cache).filter((entry) => entry.includes(name))).toEqual([])
  await cached(name, async (folder) => writeFile(join(folder, "file"), "made"))
  expect(readFileSync(join(cache, name, "file"), "utf8")).toBe("made")
})

it("keeps one of two that are made at once", async () => {
  const name = newName()
  const elsewhere = join(cache, name)
  await cached(name, async (folder) => {
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, "file"), "of the faster run")
    await writeFile(join(folder, "file"), "of this run")
  })
  expect(readFileSync(join(elsewhere, "file"), "utf8")).toBe("of the faster run")
  expect(readdirSync(cache).filter((entry) => entry.startsWith("partial-") && entry.includes(name))).toEqual([])
})

it("removes what a killed run left behind, and not what another is at", async () => {
  const name = newName()
  // No process has this number.
  const abandoned = join(cache, `partial-${hostname()}-999999999-${name}`)
  const current = join(cache, `partial-${hostname()}-${process.ppid}-${name}`)
  onTestFinished(() => rmSync(current, { recursive: true, force: true }))
  for (const folder of [abandoned, current]) {
    await mkdir(folder, { recursive: true })
    writeFileSync(join(folder, "file"), "half")
  }
  await cached(name, async () => {
    await sleep(1)
  })
  expect(existsSync(abandoned)).toBe(false)
  expect(existsSync(current)).toBe(true)
  expect(dirname(current)).toBe(cache)
})
