import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, Queue, type Scope } from "effect"
import type { Jobs } from "./worker.js"

type Message =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Started" }
  | { readonly _tag: "Done"; readonly result: unknown }
  | { readonly _tag: "Failed"; readonly reason: string }

type Result<Job extends keyof Jobs> = Effect.Effect.Success<ReturnType<Jobs[Job]>>

/** A process of its own, on the sources as the tests are. */
export interface Process {
  /** Gives it a job, and waits until it is taken up. */
  readonly start: <Job extends keyof Jobs>(job: Job, input: Parameters<Jobs[Job]>[0]) => Effect.Effect<void, Error>
  /** What came of the job. */
  readonly result: <Job extends keyof Jobs>() => Effect.Effect<Result<Job>, Error>
  /** Ends it as a power cut would, without a word. */
  readonly kill: Effect.Effect<void>
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const exited = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) resume(Effect.void)
    else child.once("exit", () => resume(Effect.void))
  })

const kill = (child: ChildProcess) =>
  Effect.zipRight(
    Effect.sync(() => child.kill("SIGKILL")),
    exited(child)
  )

/** Starts a process that waits for jobs; it is killed when the scope closes. */
export const startProcess: Effect.Effect<Process, Error, Scope.Scope> = Effect.gen(function* () {
  const messages = yield* Effect.acquireRelease(Queue.unbounded<Message>(), Queue.shutdown)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      fork(path("worker.ts"), {
        cwd: path("../.."),
        execArgv: ["--import", "tsx"],
        env: { ...process.env, TSX_TSCONFIG_PATH: path("../tsconfig.sources.json"), NODE_OPTIONS: "" }
      })
    ),
    kill
  )
  child.on("message", (message: Message) => Queue.unsafeOffer(messages, message))
  child.on("exit", (code, signal) =>
    Queue.unsafeOffer(messages, { _tag: "Failed", reason: `The process ended with ${signal ?? code}` })
  )
  const next = Effect.flatMap(Queue.take(messages), (message) =>
    message._tag === "Failed" ? Effect.fail(new Error(message.reason)) : Effect.succeed(message)
  )
  yield* next
  return {
    start: (job, input) =>
      Effect.zipRight(
        Effect.sync(() => child.send({ job, input })),
        Effect.asVoid(next)
      ),
    result: <Job extends keyof Jobs>() =>
      Effect.map(next, (message) => (message as { readonly result: Result<Job> }).result),
    kill: kill(child)
  }
})

/** Starts a job and waits for what comes of it. */
export const run = <Job extends keyof Jobs>(process: Process, job: Job, input: Parameters<Jobs[Job]>[0]) =>
  Effect.zipRight(process.start(job, input), process.result<Job>())

/** Starts several at once. */
export const startProcesses = (count: number): Effect.Effect<ReadonlyArray<Process>, Error, Scope.Scope> =>
  Effect.all(
    Array.from({ length: count }, () => startProcess),
    { concurrency: "unbounded" }
  )
