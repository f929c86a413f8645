import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const dist = fileURLToPath(new URL("../../dist", import.meta.url))
const declarations = (module: string) => readFileSync(`${dist}/${module}.d.ts`, "utf8")

describe("what the Promise client declares", () => {
  it.each([
    "client/ApiKeyClient",
    "client/ClientImports",
    "client/ClientTypes",
    "client/ImportTypes",
    "services/tenants/TenantInput",
    "services/verifier/ValidateKeyOptions"
  ])("shows no Effect: %s", (module) => {
    expect(declarations(module)).not.toMatch(/from "effect"|import\("effect"\)|\bEffect\.Effect/)
  })

  it("is all that it names of the library, but for plain types and errors", () => {
    const imports = [...declarations("client/ApiKeyClient").matchAll(/from "(\.[^"]+)"/g)].map(([, path]) => path)
    expect(imports.sort()).toEqual(
      [
        "../domain/Metadata.js",
        "../domain/Page.js",
        "../domain/RateLimitStatus.js",
        "../services/tenants/TenantInput.js",
        "../services/verifier/ValidateKeyOptions.js",
        "./ClientImports.js",
        "./ClientTypes.js"
      ].sort()
    )
  })
})
