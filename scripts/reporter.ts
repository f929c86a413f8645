import type { Reporter, TestModule, Vitest } from "vitest/node"
import { contractResults, contractTable, testsRun } from "./contractTable.js"
import { backends, selectedBackends } from "./services/backends.mjs"

/** Whether the command line leaves out tests, so that a store without any is no wonder. */
const isFiltered = (vitest: Vitest) => {
  const { changed, project, related, shard, testNamePattern } = vitest.config
  const { filenamePattern } = vitest as { readonly filenamePattern?: ReadonlyArray<string> }
  return [changed, project?.length, related?.length, shard, testNamePattern, filenamePattern?.length].some(Boolean)
}

/** Ends a run with what each store was proven to do, and one plain line: what ran, and what came of it. */
export default class Summary implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest) {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>) {
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
