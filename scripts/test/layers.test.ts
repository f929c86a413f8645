import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { check, layers } from "../check-layers.mjs"

/** What the check says about a repository of these modules, given as `package/src/Module` → source. */
const problemsOf = (modules: Readonly<Record<string, string>>) => {
  const root = mkdtempSync(join(tmpdir(), "layers-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [module, source] of Object.entries(modules)) {
    const file = join(root, "packages", `${module}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
  }
  return check(root)
}

/** For every row of the table: imports that are fine in a module of it, and imports that are not. */
const rows: Record<string, Record<"allowed" | "refused", ReadonlyArray<string>> & { readonly module: string }> = {
  "core/index": {
    module: "core/src/index",
    allowed: [
      "./domain/A.js",
      "./ports/A.js",
      "./services/ApiKeys.js",
      "./memory/A.js",
      "./client/A.js",
      "./node/A.js"
    ],
    refused: ["./testing/index.js", "@apikeys/core", "@apikeys/store-sql", "vitest"]
  },
  "core/domain": {
    module: "core/src/domain/Key",
    allowed: ["./Scope.js", "effect/Schema", "uuid"],
    refused: [
      "effect",
      "effect/Layer",
      "effect/Clock",
      "../ports/A.js",
      "../services/A.js",
      "../index.js",
      "node:crypto"
    ]
  },
  "core/ports": {
    module: "core/src/ports/KeyStore",
    allowed: ["./Store.js", "../domain/A.js", "effect"],
    refused: ["../services/A.js", "../memory/A.js", "../node/A.js", "../client/A.js", "@effect/sql"]
  },
  "core/services": {
    module: "core/src/services/verifier/parse",
    allowed: ["./charge.js", "../Tenants.js", "../../domain/A.js", "../../ports/A.js", "effect"],
    refused: [
      "../../memory/A.js",
      "../../node/A.js",
      "../../client/A.js",
      "../../testing/A.js",
      "node:crypto",
      "@effect/sql"
    ]
  },
  "core/services/ApiKeys": {
    module: "core/src/services/ApiKeys",
    allowed: ["./Tenants.js", "../domain/A.js", "../ports/A.js", "../node/A.js", "effect"],
    refused: ["../memory/A.js", "../client/A.js", "node:crypto"]
  },
  "core/memory": {
    module: "core/src/memory/KeyStore",
    allowed: ["./State.js", "../domain/A.js", "../ports/A.js", "effect"],
    refused: ["../services/A.js", "../node/A.js", "../client/A.js", "node:crypto"]
  },
  "core/client": {
    module: "core/src/client/ApiKeyClient",
    allowed: ["./values.js", "../domain/A.js", "../ports/A.js", "../services/A.js", "../services/ApiKeys.js", "effect"],
    refused: ["../memory/A.js", "../node/A.js", "../testing/A.js", "node:crypto"]
  },
  "core/node": {
    module: "core/src/node/KeyHasher",
    allowed: ["node:crypto", "../ports/A.js", "effect"],
    refused: ["../services/A.js", "../domain/A.js", "../memory/A.js", "node:fs"]
  },
  "core/testing": {
    module: "core/src/testing/index",
    allowed: ["./keys.js", "../domain/A.js", "../ports/A.js", "effect", "vitest", "@effect/vitest"],
    refused: ["../services/A.js", "../memory/A.js", "../node/A.js", "../client/A.js"]
  },
  "core/testing/client": {
    module: "core/src/testing/client/clientKeys",
    allowed: ["./clientFixtures.js", "../fixtures.js", "../../domain/A.js", "../../client/A.js", "effect", "vitest"],
    refused: ["../../services/A.js", "../../memory/A.js", "../../node/A.js", "@apikeys/core"]
  },
  "store-sql": {
    module: "store-sql/src/keys/insert",
    allowed: [
      "./row.js",
      "@apikeys/core",
      "effect",
      "@effect/sql",
      "@effect/sql/SqlClient",
      "@effect/experimental/Reactivity"
    ],
    refused: [
      "@apikeys/core/testing",
      "@apikeys/store-sqlite",
      "@effect/sql-pg",
      "better-sqlite3",
      "@effect/experimental"
    ]
  },
  "store-sqlite": {
    module: "store-sqlite/src/SqliteStore",
    allowed: ["@apikeys/core", "@apikeys/store-sql", "@effect/sql", "better-sqlite3", "node:fs"],
    refused: ["@apikeys/core/testing", "@apikeys/store-pg", "@effect/sql-pg", "@effect/sql-mysql2", "pg", "mysql2"]
  },
  "store-pg": {
    module: "store-pg/src/PgStore",
    allowed: ["@apikeys/core", "@apikeys/store-sql", "@effect/sql", "@effect/sql-pg", "pg"],
    refused: ["@apikeys/core/testing", "@apikeys/store-mysql", "better-sqlite3", "@effect/sql-mysql2", "mysql2"]
  },
  "store-mysql": {
    module: "store-mysql/src/MysqlStore",
    allowed: ["@apikeys/core", "@apikeys/store-sql", "@effect/sql", "@effect/sql-mysql2", "mysql2/promise"],
    refused: ["@apikeys/core/testing", "@apikeys/store-pg", "better-sqlite3", "@effect/sql-pg", "pg"]
  },
  http: {
    module: "http/src/Problem",
    allowed: ["./Challenge.js", "@apikeys/core", "effect"],
    refused: ["@apikeys/store-sql", "@apikeys/express", "express", "fastify", "node:http"]
  },
  express: {
    module: "express/src/index",
    allowed: ["@apikeys/core", "@apikeys/http", "effect", "express"],
    refused: ["@apikeys/fastify", "@apikeys/store-sqlite", "fastify", "@effect/sql"]
  },
  fastify: {
    module: "fastify/src/index",
    allowed: ["@apikeys/core", "@apikeys/http", "effect", "fastify", "fastify-plugin"],
    refused: ["@apikeys/express", "@apikeys/store-sqlite", "express", "@effect/sql"]
  }
}

describe("who may import whom", () => {
  it("is tried for every row of the table", () => {
    expect(Object.keys(rows)).toEqual(Object.keys(layers))
  })

  describe.each(Object.entries(rows))("%s", (layer, { module, allowed, refused }) => {
    it.each(allowed)("may import %s", (specifier) => {
      expect(problemsOf({ [module]: `import { a } from "${specifier}"` })).toEqual([])
    })

    it.each(refused)("may not import %s", (specifier) => {
      const problems = problemsOf({ [module]: `import * as a from "${specifier}"` })
      expect(problems).toEqual([expect.stringContaining(`packages/${module}.ts:1: ${layer} must not import `)])
    })
  })

  it("tells the exports of a barrel apart", () => {
    const problems = problemsOf({
      "core/src/domain/Key": 'import { type Schema, Layer, Context as C } from "effect"',
      "store-sql/src/index": 'import { Reactivity, EventLog } from "@effect/experimental"'
    })
    expect(problems).toEqual([
      "packages/core/src/domain/Key.ts:1: core/domain must not import effect/Layer",
      "packages/core/src/domain/Key.ts:1: core/domain must not import effect/Context",
      "packages/store-sql/src/index.ts:1: store-sql must not import @effect/experimental/EventLog"
    ])
  })

  it.each([
    'import "../ports/A.js"',
    'import A from "../ports/A.js"',
    'import type { A } from "../ports/A.js"',
    'import {\n  type A, // why not "this"\n  B\n} from "../ports/A.js"',
    'export * from "../ports/A.js"',
    'export * as A from "../ports/A.js"',
    'export type { A } from "../ports/A.js"',
    'const a = 1\nexport { a }\nimport { b } from "../ports/A.js"',
    'export type A = import("../ports/A.js").A',
    'export const a = () => import("../ports/A.js")',
    'const url = "https://example.com"; const a = require("../ports/A.js")'
  ])("sees %s", (source) => {
    expect(problemsOf({ "core/src/domain/Key": source })).toEqual([
      expect.stringContaining("core/domain must not import core/ports/A")
    ])
  })

  it("does not take documentation for imports", () => {
    const source =
      '/**\n * @example\nimport { a } from "express"\n */\n// import("express")\nexport const a = "/* no comment"\n'
    expect(problemsOf({ "core/src/domain/Key": source })).toEqual([])
  })

  it("refuses an import that is only known at run time", () => {
    expect(problemsOf({ "core/src/domain/Key": "export const a = import(process.argv[2])" })).toHaveLength(1)
  })

  it("refuses a way round a package's exports", () => {
    expect(problemsOf({ "store-sql/src/index": 'export * from "../../core/src/index.js"' })).toHaveLength(1)
  })

  it.each(["core/src/utils/strings", "core/src/strings", "store-redis/src/index"])(
    "refuses %s, which the table does not know",
    (module) => {
      expect(problemsOf({ [module]: "export {}" })).toEqual([expect.stringContaining("no layer")])
    }
  )
})

describe("circles of imports", () => {
  it("are refused, by types alone as well", () => {
    const problems = problemsOf({
      "core/src/domain/A": 'import { b } from "./B.js"',
      "core/src/domain/B": 'import type { C } from "./C.js"',
      "core/src/domain/C": 'export type C = import("./A.js").A'
    })
    expect(problems).toEqual(["a circle of imports: core/domain/A → core/domain/B → core/domain/C → core/domain/A"])
  })

  it("are refused in a single module", () => {
    expect(problemsOf({ "http/src/A": 'import { b } from "./A.js"' })).toEqual(["a circle of imports: http/A → http/A"])
  })

  it("are not what two ways to one module are", () => {
    const problems = problemsOf({
      "http/src/A": 'import { b } from "./B.js"\nimport { c } from "./C.js"',
      "http/src/B": 'import { c } from "./C.js"',
      "http/src/C": "export const c = 1"
    })
    expect(problems).toEqual([])
  })
})

it("refuses files over 400 lines", () => {
  expect(problemsOf({ "http/src/A": "a\n".repeat(400) })).toEqual([])
  expect(problemsOf({ "http/src/A": "a\n".repeat(401) })).toEqual([
    "packages/http/src/A.ts: 401 lines are more than 400"
  ])
})
