import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { configDefaults, defineConfig } from "vitest/config"
import { servicesOf, unselectedTests } from "./scripts/services/backends.mjs"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const foldersWithTests = ["packages", "examples"]
  .filter((parent) => existsSync(path(parent)))
  .flatMap((parent) => readdirSync(path(parent)).map((name) => `${parent}/${name}`))
  .concat("benchmarks", "scripts")
  .filter((folder) => existsSync(path(`${folder}/test`)))

export default defineConfig({
  resolve: {
    // Tests run on the sources: no stale build can pass or fail them.
    alias: [
      { find: /^@apikeys\/core\/testing$/, replacement: path("packages/core/src/testing/index.ts") },
      { find: /^@apikeys\/([^/]+)$/, replacement: path("packages/$1/src/index.ts") }
    ]
  },
  test: {
    projects: foldersWithTests.map((folder) => ({
      extends: true as const,
      test: {
        name: folder.replace(/^packages\//, ""),
        root: path(folder),
        include: ["test/**/*.test.ts"],
        exclude: [...configDefaults.exclude, ...unselectedTests(folder)],
        provide: { wantedServices: servicesOf(folder) },
        globalSetup: path("scripts/services/globalSetup.ts"),
        setupFiles: path("scripts/services/endWithParent.ts")
      }
    })),
    reporters: ["default", path("scripts/reporter.ts")],
    passWithNoTests: false,
    pool: "forks",
    minWorkers: 1,
    maxWorkers: 2,
    // For a small machine that does something else as well.
    testTimeout: 60_000,
    hookTimeout: 120_000
  }
})
