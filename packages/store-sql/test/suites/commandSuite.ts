import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { SqlBackend } from "./SqlBackend.js"

/** A store with a command. */
export interface CommandBackend extends SqlBackend {
  readonly bin: URL
  readonly variables: readonly [string, ...Array<string>]
  /** Addresses of databases that do not let anybody in, and why not. */
  readonly failing: (address: string) => ReadonlyArray<readonly [address: string, reason: RegExp]>
  /** What no output may hold. */
  readonly secretsOf: (address: string) => ReadonlyArray<string>
}

interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a process, as it was built, in an environment that has nothing but these variables. */
const runBin = (bin: URL, args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>) =>
  Effect.async<Ended>((resume) => {
    const child = execFile(
      process.execPath,
      [fileURLToPath(bin), ...args],
      { env: { PATH: process.env["PATH"], ...environment } },
      (_, stdout, stderr) => resume(Effect.succeed({ exitCode: child.exitCode, stdout, stderr }))
    )
  })

/** `npx @apikeys/store-… migrate`: what it does, says and exits with. */
export const commandSuite = (backend: CommandBackend): void => {
  const [variable] = backend.variables
  const newest = backend.migrations.length

  describe(`the command of ${backend.title}`, () => {
    it.scopedLive(
      "migrates, and checks without a change",
      () =>
        Effect.gen(function* () {
          const address = yield* backend.emptyDatabase
          const run = (...args: ReadonlyArray<string>) =>
            Effect.tap(runBin(backend.bin, args, { [variable]: address }), ({ stderr, stdout }) => {
              for (const secret of backend.secretsOf(address)) assert.notInclude(stdout + stderr, secret)
            })
          const outdated = `schema is at 0, this version needs ${newest}: run migrate\n`
          assert.deepStrictEqual(yield* run("migrate", "--check"), { exitCode: 1, stdout: "", stderr: outdated })
          assert.deepStrictEqual(yield* run("migrate"), {
            exitCode: 0,
            stdout: `The schema was at 0, and is at ${newest}\n`,
            stderr: ""
          })
          const again = yield* Effect.all([run("migrate"), run("migrate", "--check")], { concurrency: 2 })
          assert.deepStrictEqual(again, [
            { exitCode: 0, stdout: `The schema is at ${newest}: up to date\n`, stderr: "" },
            { exitCode: 0, stdout: "The schema is up to date\n", stderr: "" }
          ])
          const future = `insert into apikeys_migrations values (${newest + 1}, 'future', ${newest + 1}, 0)`
          yield* Effect.promise(() => backend.query(address, future))
          for (const ended of yield* Effect.all([run("migrate"), run("migrate", "--check")], { concurrency: 2 })) {
            assert.deepInclude(ended, { exitCode: 1, stdout: "" })
            assert.match(ended.stderr, /^schema is at .*: upgrade it\n$/)
          }
        }),
      120_000
    )

    it.scopedLive(
      "says what it did not understand, and what failed, but never the password",
      () =>
        Effect.gen(function* () {
          const address = yield* backend.emptyDatabase
          const none = { exitCode: 2, stdout: "", stderr: `Set ${backend.variables.join(" or ")}\n` }
          const [unset, ...misunderstood] = yield* Effect.all(
            [
              runBin(backend.bin, ["migrate"], {}),
              runBin(backend.bin, ["migrate", "--chekc"], { [variable]: address }),
              runBin(backend.bin, [], { [variable]: address })
            ],
            { concurrency: 2 }
          )
          assert.deepStrictEqual(unset, none)
          for (const { exitCode, stderr, stdout } of misunderstood) {
            assert.deepStrictEqual([exitCode, stdout], [2, ""])
            assert.match(stderr, /^Usage: npx @apikeys\/store-\w+ migrate \[--check\]/)
          }
          const last = backend.variables.at(-1) ?? variable
          for (const [failing, reason] of backend.failing(address)) {
            const { exitCode, stderr, stdout } = yield* runBin(backend.bin, ["migrate"], { [last]: failing })
            assert.deepStrictEqual([exitCode, stdout], [3, ""])
            assert.match(stderr, reason)
            for (const secret of backend.secretsOf(failing)) assert.notInclude(stderr, secret)
          }
        }),
      120_000
    )
  })
}
