// What users get: the packages, packed as they are published, in an empty project outside of the workspace.
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { pnpm, root } from "../../pnpm.mjs"
import { environment } from "../../workspace.mjs"
import { javaScript, output, typeScript } from "./programs.js"

const run = promisify(execFile)

/** What the project asks for. All else is for the packages to bring. */
const ours = ["@apikeys/core", "@apikeys/store-sqlite", "@apikeys/express", "@apikeys/fastify"]
const frameworks = ["effect", "express", "fastify"]
const compilers = ["typescript", "@types/express", "@types/node"]

const runPnpm = async (cwd: string, ...args: ReadonlyArray<string>) => {
  const [command, rest] = pnpm(args)
  await run(command, rest, { cwd, env: environment(), maxBuffer: 64 * 1024 * 1024 })
}

/** Registries are busy at times: what asks one is tried again, and the output says so. */
const withRetries = async (what: string, attempt: () => Promise<void>, attempts = 3): Promise<void> => {
  try {
    await attempt()
  } catch (error) {
    if (attempts === 1) throw error
    console.warn(`${what} failed, trying again (${attempts - 1} left): ${String(error).split("\n", 1)}`)
    await sleep(5000)
    await withRetries(what, attempt, attempts - 1)
  }
}

/** The range of a version, from the workspace's own catalog: what is in pnpm's store already is not downloaded. */
const catalog = (() => {
  const text = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")
  return (name: string): string => {
    const range = new RegExp(`^ {2}"?${name}"?: (\\S+)$`, "m").exec(text)?.[1]
    if (range === undefined) throw new Error(`${name} is not in the catalog`)
    return range
  }
})()

describe("the packages, installed into an empty project", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "apikeys-installed-"))
  const tarballs = join(folder, "tarballs")
  const project = join(folder, "project")

  /** Which tarball each of our packages is in. */
  const packed = () =>
    Object.fromEntries(
      readdirSync(tarballs).map((file) => [
        file.replace(/^apikeys-(.*)-\d+\.\d+\.\d+.*\.tgz$/, "@apikeys/$1"),
        `file:${join(tarballs, file)}`
      ])
    )

  const runProgram = async (file: string) => {
    const { stderr, stdout } = await run(process.execPath, [file], {
      cwd: mkdtempSync(join(folder, "run-")),
      env: { ...process.env, APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(4) },
      timeout: 30_000
    })
    expect(stderr).toBe("")
    expect(stdout.trimEnd()).toBe(output)
  }

  beforeAll(async () => {
    mkdirSync(tarballs)
    mkdirSync(project)
    await runPnpm(root, "--recursive", "--filter", "./packages/*", "pack", "--pack-destination", tarballs)
    const overrides = packed()
    const manifest = {
      name: "project",
      private: true,
      dependencies: Object.fromEntries([
        ...ours.map((name) => [name, overrides[name]]),
        ...[...frameworks, ...compilers].map((name) => [name, catalog(name)])
      ])
    }
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest))
    // YAML has JSON in it. Our packages ask for each other by version, and no registry has that one.
    const settings = { packages: ["."], overrides, allowBuilds: { "better-sqlite3": true }, strictDepBuilds: false }
    writeFileSync(join(project, "pnpm-workspace.yaml"), JSON.stringify(settings))
    await withRetries("Installing the packages", () =>
      runPnpm(project, "install", "--prefer-offline", "--no-frozen-lockfile")
    )
    // Where pnpm's store is empty, better-sqlite3 is compiled.
  }, 600_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("bring no driver of a database that was not asked for", () => {
    const installed = readdirSync(join(project, "node_modules/.pnpm"))
    const isOf = (driver: string) => installed.some((name) => name.startsWith(`${driver}@`))
    expect(["better-sqlite3", "pg", "mysql2"].map(isOf)).toEqual([true, false, false])
  })

  it.each(Object.entries(javaScript))("run from %s", async (file, source) => {
    writeFileSync(join(project, file), source)
    await runProgram(join(project, file))
  })

  it.each(typeScript)("compile strictly from $file, declarations of libraries included", async (program) => {
    const { emitted, file, options, source } = program
    const outDir = join(project, `from-${file}`)
    const compilerOptions = {
      ...options,
      target: "es2022",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      outDir
    }
    writeFileSync(join(project, file), source)
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }))
    const compiled = await run(process.execPath, [join(project, "node_modules/typescript/bin/tsc")], {
      cwd: project
    }).catch((error: { stdout: string }) => error)
    expect(compiled.stdout).toBe("")
    if (emitted !== null) await runProgram(join(outDir, emitted))
  })
})
