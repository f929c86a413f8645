import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "../pnpm.mjs"
import { workspaces } from "../workspace.mjs"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const read = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"))

const packages = workspaces()
  .filter((folder) => folder !== ".")
  .map((folder) => [folder, read(`${folder}/package.json`) as Manifest] as const)
const published = packages.filter(([, manifest]) => !manifest.private)

it("finds the packages", () => {
  expect(packages.map(([folder]) => folder)).toContain("packages/core")
})

describe.each(packages)("%s", (folder, manifest) => {
  it("is type-checked by `tsc -b`", () => {
    expect(read("tsconfig.json").references).toContainEqual({ path: folder })
  })

  it("takes its versions from the catalog and from the workspace", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter((version) => !/^(catalog:|workspace:\^)$/.test(version))).toEqual([])
  })
})

/** Whom the benchmark measures beside this library, and what it loads them with. */
const measured = Object.keys(read("benchmarks/package.json").devDependencies).filter(
  (name) => !/^@types\/|^vitest$/.test(name)
)

it("knows whom the benchmark measures", () => {
  expect(measured).toEqual(expect.arrayContaining(["better-auth", "rate-limiter-flexible", "express-rate-limit"]))
})

describe.each(packages.filter(([folder]) => folder !== "benchmarks"))("%s", (_, manifest) => {
  it("depends on nobody whom the benchmark measures", () => {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest
    const all = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })
    expect(all.filter((name) => measured.includes(name))).toEqual([])
  })
})

// Turbo passes over a package that lacks a script without a word.
describe.each(published)("%s, which is published,", (folder, manifest) => {
  it("is built and checked as a package", () => {
    expect(manifest.scripts).toMatchObject({
      build: "tsc -b tsconfig.build.json",
      packages: "publint --strict && attw --pack --profile esm-only"
    })
  })

  it("has types for every entry, which the checks of packages do not ask for", () => {
    const { "./package.json": _, ...entries } = manifest.exports ?? {}
    for (const entry of Object.values(entries)) {
      expect(entry).toMatchObject({ types: expect.stringMatching(/\.d\.ts$/) })
    }
  })

  it("is named after its folder, in the group that is released together", () => {
    expect(folder).toBe(manifest.name.replace("@apikeys/", "packages/"))
    expect(manifest.version).toBe(published[0]?.[1].version)
  })
})
