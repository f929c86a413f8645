// Every TypeScript block of every README is compiled as it stands, and run, in an empty folder, on the built packages.
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../..", import.meta.url))
// Inside the workspace, so that imports resolve as they do for its packages.
const folder = join(root, "node_modules/.cache/readme")

interface Block {
  readonly name: string
  readonly code: string
}

/** A block marked `setup` stands before each one that follows it in its document. */
const blocksOf = (file: string): ReadonlyArray<Block> => {
  const text = readFileSync(file, "utf8")
  const document = relative(root, file)
    .replace(/\.md$/, "")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
  const blocks: Array<Block> = []
  let setup = ""
  for (const match of text.matchAll(/^```ts( setup)?\n(.*?)^```$/gms)) {
    const [, marked, code = ""] = match
    const line = text.slice(0, match.index).split("\n").length
    if (marked !== undefined) setup = code
    blocks.push({ name: `${document}-${line}`, code: marked === undefined ? setup + code : code })
  }
  return blocks
}

const readmes = [
  "",
  ...["packages", "examples"].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
]
  .map((path) => join(root, path, "README.md"))
  .filter((file) => existsSync(file))

const documents = readmes.map((file) => ({ file: relative(root, file), blocks: blocksOf(file) }))

const tsconfig = {
  extends: join(root, "tsconfig.base.json"),
  compilerOptions: {
    rootDir: ".",
    outDir: "dist",
    composite: false,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
    allowUnusedLabels: true
  },
  include: ["*.ts"]
}

describe("README", () => {
  const scratch = mkdtempSync(join(tmpdir(), "apikeys-readme-"))

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig))
    for (const { code, name } of documents.flatMap(({ blocks }) => blocks)) {
      writeFileSync(join(folder, `${name}.ts`), code)
    }
    const compiled = await run("npx", ["tsc", "-p", folder], { cwd: root }).catch((error: { stdout: string }) => error)
    expect(compiled.stdout).toBe("")
  }, 120_000)

  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it("of the project has code in it", () => {
    expect(documents.find(({ file }) => file === "README.md")?.blocks.length).toBeGreaterThan(5)
  })

  for (const { blocks, file } of documents) {
    for (const { name } of blocks) {
      it(`${file}: ${name} runs`, async () => {
        const { stderr } = await run(process.execPath, [join(folder, "dist", `${name}.js`)], {
          cwd: mkdtempSync(join(scratch, "run-")),
          env: { ...process.env, PORT: "0", APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(4) },
          timeout: 20_000
        })
        expect(stderr).toBe("")
      })
    }
  }
})
