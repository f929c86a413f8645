import { relative } from "node:path"
import type { Reporter, TestModule, TestSpecification, Vitest } from "vitest/node"
import { contractResults, contractTable, testsRun } from "./contractTable.js"
import { backends, selectedBackends } from "./services/backends.mjs"

/** Whether the command line leaves out tests, so that a store without any is no wonder. */
const isFiltered = (vitest: Vitest) => {
  const { changed, project, related, shard, testNamePattern } = vitest.config
  const { filenamePattern } = vitest as { readonly filenamePattern?: ReadonlyArray<string> }
  return [changed, project?.length, related?.length, shard, testNamePattern, filenamePattern?.length].some(Boolean)
}

/** How often a run whose output is no terminal says how far it is. */
const progressMillis = 15_000

/**
 * Says how many files are done where the output is no terminal, and ends a run with what each store was proven to do
 * and one plain line: what ran, and what came of it.
 */
export default class Summary implements Reporter {
  #vitest: Vitest | undefined
  #progress: ReturnType<typeof setInterval> | undefined
  #started = 0
  #files = 0
  #done = 0
  readonly #running = new Set<string>()

  onInit(vitest: Vitest) {
    this.#vitest = vitest
  }

  onTestRunStart(specifications: ReadonlyArray<TestSpecification>) {
    this.#started = Date.now()
    this.#files = specifications.length
    this.#done = 0
    this.#running.clear()
    if (process.stdout.isTTY) return
    this.#progress = setInterval(() => console.log(this.#state()), progressMillis).unref()
  }

  onTestModuleQueued({ moduleId }: TestModule) {
    this.#running.add(moduleId)
  }

  onTestModuleEnd({ moduleId }: TestModule) {
    this.#running.delete(moduleId)
    this.#done += 1
  }

  #state() {
    const seconds = Math.round((Date.now() - this.#started) / 1000)
    const running = [...this.#running].map((file) => relative(this.#vitest?.config.root ?? "/", file)).join(", ")
    const left = this.#files - this.#done
    return `${this.#done} of ${this.#files} files done, ${left} left, after ${seconds} s; running: ${running || "none yet"}`
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>) {
    clearInterval(this.#progress)
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1
      // A file that does not load, or a hook that throws, fails no test of its own.
      for (const group of [module, ...module.children.allSuites()]) {
        if (group.errors().length > 0) counts.failed += 1
      }
    }

    const contracts = contractResults(modules)
    const isWhole = this.#vitest !== undefined && !isFiltered(this.#vitest)
    const unproven = isWhole ? selectedBackends().filter((name) => testsRun(contracts, backends[name].title) === 0) : []
    counts.failed += unproven.length

    const { passed, failed } = counts
    const skipped = counts.skipped + counts.pending
    // At exit, since the default reporter prints its own summary after this.
    process.once("exit", () => {
      if (contracts.length > 0) console.log(`${contractTable(contracts)}\n`)
      for (const name of unproven)
        console.log(`${backends[name].title} is selected, and no test of its store contract ran.`)
      if (passed + failed === 0) console.log("No test ran.")
      if (passed + failed === 0 || unproven.length > 0) process.exitCode = 1
      console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`)
    })
  }
}
