import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

const sources = fileURLToPath(new URL("../processes/tsconfig.sources.json", import.meta.url))

/** Runs a program to its end, and gives its exit code and what it said. */
const runProgram = (program: URL, address: string) =>
  Effect.async<{ readonly code: number | string | null; readonly said: string }>((resume) => {
    execFile(
      process.execPath,
      ["--import", "tsx", fileURLToPath(program)],
      {
        cwd: fileURLToPath(new URL("../..", program)),
        env: { ...process.env, TSX_TSCONFIG_PATH: sources, NODE_OPTIONS: "", APIKEYS_TEST_ADDRESS: address }
      },
      (error, stdout, stderr) =>
        resume(
          Effect.succeed({ code: error === null ? 0 : (error.code ?? error.signal ?? null), said: stdout + stderr })
        )
    )
  })

/** Closing takes milliseconds; what it used to wait for was a second. */
const most = 500

/** How a client closes in a program that has nothing else to do. */
export const closingSuite = ({ emptyDatabase, program, title }: SqlBackend & { readonly program: URL }): void => {
  describe(`a client on ${title} that closes`, () => {
    it.scopedLive(
      "does so at once where nothing is under way, used a moment ago or idle for long, and then the program ends",
      () =>
        Effect.gen(function* () {
          const { code, said } = yield* runProgram(program, yield* emptyDatabase)
          assert.strictEqual(code, 0, said)
          const { idle, used } = JSON.parse(said.trim()) as { readonly idle: number; readonly used: number }
          // biome-ignore lint/suspicious/noConsole: what was measured is worth seeing.
          console.info(`${title}: closed in ${used.toFixed(0)} ms, after it was idle in ${idle.toFixed(0)}`)
          assert.isBelow(used, most)
          assert.isBelow(idle, most)
        }),
      60_000
    )
  })
}
