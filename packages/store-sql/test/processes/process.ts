import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, Queue, type Scope } from "effect"
import type { Jobs } from "./worker.js"

type Message =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Started" }
  | { readonly _tag: "Done"; readonly result: unknown }
  | { readonly _tag: "Failed"; readonly reason: string }

type Input<J extends Jobs, Job extends keyof J> = Parameters<J[Job]>[0]
type Result<J extends Jobs, Job extends keyof J> = Effect.Effect.Success<ReturnType<J[Job]>>

/** A process of its own, on the sources as the tests are. */
export interface Process<J extends Jobs> {
  /** Gives it a job, and waits until it is taken up. */
  readonly start: <Job extends keyof J>(job: Job, input: Input<J, Job>) => Effect.Effect<void, Error>
  /** What came of the job. */
  readonly result: <Job extends keyof J>() => Effect.Effect<Result<J, Job>, Error>
  /** Starts a job and waits for what comes of it. */
  readonly run: <Job extends keyof J>(job: Job, input: Input<J, Job>) => Effect.Effect<Result<J, Job>, Error>
  /** Has it go on, where it stands still. */
  readonly goOn: Effect.Effect<void>
  /** Ends it as a power cut would, without a word. */
  readonly kill: Effect.Effect<void>
}

const sources = fileURLToPath(new URL("tsconfig.sources.json", import.meta.url))

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

/**
 * Starts a process that waits for jobs; it is killed when the scope closes.
 *
 * @param worker the file that takes the jobs up
 */
export const startProcess = <J extends Jobs>(worker: URL): Effect.Effect<Process<J>, Error, Scope.Scope> =>
  Effect.gen(function* () {
    const messages = yield* Effect.acquireRelease(Queue.unbounded<Message>(), Queue.shutdown)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(fileURLToPath(worker), {
          cwd: fileURLToPath(new URL("../..", worker)),
          execArgv: ["--import", "tsx"],
          env: { ...process.env, TSX_TSCONFIG_PATH: sources, NODE_OPTIONS: "" }
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
    const start: Process<J>["start"] = (job, input) =>
      Effect.zipRight(
        Effect.sync(() => child.send({ job, input })),
        Effect.asVoid(next)
      )
    const result = <Job extends keyof J>() =>
      Effect.map(next, (message) => (message as { readonly result: Result<J, Job> }).result)
    return {
      start,
      result,
      run: <Job extends keyof J>(job: Job, input: Input<J, Job>) => Effect.zipRight(start(job, input), result<Job>()),
      goOn: Effect.sync(() => child.kill("SIGCONT")),
      kill: kill(child)
    }
  })

/** Starts several at once. */
export const startProcesses = <J extends Jobs>(worker: URL, count: number) =>
  Effect.all(
    Array.from({ length: count }, () => startProcess<J>(worker)),
    { concurrency: "unbounded" }
  )
