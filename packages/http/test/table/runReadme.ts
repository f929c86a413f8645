import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../../../..", import.meta.url))

interface Program {
  readonly name: string
  readonly code: string
  /** The `text` block that stands right behind the code, if any: what it prints. */
  readonly output: string | undefined
}

/** What a document's programs are run with besides what they name. */
export interface ReadmeOptions {
  /** The document in the package's folder. Default its README. */
  readonly document?: string
  /** A package that stands in for one that programs import, with a file of its types. */
  readonly instead?: { readonly of: string; readonly name: string; readonly types: string }
}

const programsOf = (readme: string): ReadonlyArray<Program> =>
  [...readme.matchAll(/^```typescript\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms)].map(([, code = "", output], i) => ({
    name: `program-${i + 1}`,
    code,
    output
  }))

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const withoutIds = (text: string): string => text.replace(/'[0-9a-f]{8}-[0-9a-f-]{27}'/g, "'…'")

/** Compiles and runs the programs of a package's document as they stand, on the built packages, each in an empty folder. */
export const runReadme = (name: string, { document = "README.md", instead }: ReadmeOptions = {}): void => {
  const home = join(root, "packages", name)
  const title = instead === undefined ? document : `${document} with ${instead.name}`
  // Inside the package, so that imports resolve as they do for it; below `node_modules` it could not import itself.
  const folder = join(home, ".cache/readme", title.replaceAll(/[^A-Za-z0-9]+/g, "-"))
  const imported = (code: string) =>
    instead === undefined ? code : code.replaceAll(`from "${instead.of}"`, `from "${instead.name}"`)
  const programs = programsOf(readFileSync(join(home, document), "utf8"))

  describe(`${title} of ${name}`, () => {
    const scratch = mkdtempSync(join(tmpdir(), "apikeys-readme-"))
    afterAll(() => rmSync(scratch, { recursive: true, force: true }))

    beforeAll(() => {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      for (const { code, name } of programs) {
        const tsconfig = {
          extends: join(root, "tsconfig.base.json"),
          // One at a time: what one declares of its metadata is not the next one's.
          compilerOptions: {
            rootDir: ".",
            outDir: "dist",
            composite: false,
            declaration: false,
            declarationMap: false
          },
          files: [`${name}.ts`, ...(instead === undefined ? [] : [join(home, instead.types)])]
        }
        writeFileSync(join(folder, `${name}.ts`), imported(code))
        writeFileSync(join(folder, `${name}.json`), JSON.stringify(tsconfig))
      }
    })

    it("has a program in it", () => assert.isAbove(programs.length, 0))

    it.each(programs.map((program) => [program.name, program] as const))(
      "%s compiles, and does what it says",
      async (_, program) => {
        const tsc = join(root, "node_modules/.bin/tsc")
        const compiled = await run(tsc, ["-p", join(folder, `${program.name}.json`)]).catch(
          (error: { stdout: string }) => error
        )
        assert.strictEqual(compiled.stdout, "")
        const { stderr, stdout } = await run(process.execPath, [join(folder, "dist", `${program.name}.js`)], {
          cwd: mkdtempSync(join(scratch, "run-")),
          env: {
            ...process.env,
            NO_COLOR: "1",
            NODE_ENV: "test",
            APIKEYS_SIGNING_SECRET: "0123456789abcdef".repeat(4),
            PORT: String(await freePort())
          },
          timeout: 30_000
        })
        assert.strictEqual(stderr, "")
        if (program.output !== undefined) assert.strictEqual(withoutIds(stdout), program.output)
      },
      60_000
    )
  })
}
