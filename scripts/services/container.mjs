/** @import { Service, Supervised } from "./Service.js" */
import { randomBytes } from "node:crypto"
import { run } from "./command.mjs"
import { answers } from "./database.mjs"
import { freePort } from "./port.mjs"
import { startProgress } from "./progress.mjs"

const docker = (/** @type {Array<string>} */ ...args) => run("docker", args)

/** Makes sure that an engine answers and has the image. */
export const pullImage = async (/** @type {Service} */ { container, title }) => {
  // A client without an engine can take its time to say so.
  await run("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 10_000 })
  const image = await docker("image", "inspect", container.image).catch(() => undefined)
  if (image !== undefined) return
  const progress = startProgress(`${title}: pulling ${container.image}`)
  try {
    await run("docker", ["pull", container.image], {
      onOutput: (text) => progress.update(text.trim().split("\n").at(-1) ?? "")
    })
  } finally {
    progress.end()
  }
}

/** Runs a container until its port is one that is free: another process may have been faster. */
const runContainer = async (
  /** @type {Service["container"]} */ { environment, image, port: inner, settings },
  /** @type {string} */ password,
  /** @type {ReadonlyArray<string>} */ more
) => {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    const name = `apikeys-test-${randomBytes(6).toString("hex")}`
    const variables = Object.entries(environment(password)).flatMap(([key, value]) => ["--env", `${key}=${value}`])
    const publish = ["--publish", `127.0.0.1:${port}:${inner}`]
    try {
      await docker("run", "--detach", "--name", name, ...publish, ...variables, image, ...settings, ...more)
      return { name, port }
    } catch (error) {
      await docker("rm", "--force", "--volumes", name).catch(() => undefined)
      if (attempt === 5 || !/already (allocated|in use)/.test(String(error))) throw error
    }
  }
}

/** @type {(service: Service, settings: ReadonlyArray<string>) => Promise<Supervised>} */
export const startContainer = async ({ container, protocol, title }, settings) => {
  const password = randomBytes(12).toString("hex")
  const { name, port } = await runContainer(container, password, settings)
  const url = `${protocol}://${container.user}:${password}@127.0.0.1:${port}/apikeys`
  const inspect = async (/** @type {string} */ format) => (await docker("inspect", "--format", format, name)).trim()
  let pid = 0

  const started = async () => {
    for (const end = Date.now() + 120_000; !(await answers(url)); ) {
      if ((await inspect("{{.State.Running}}")) !== "true" || Date.now() > end) {
        throw new Error(`${title} does not start in its container\n${await docker("logs", "--tail", "20", name)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    pid = Number(await inspect("{{.State.Pid}}"))
  }
  const stop = async () => {
    await docker("rm", "--force", "--volumes", name)
  }
  try {
    await started()
  } catch (error) {
    await stop()
    throw error
  }

  const signals = /** @type {Readonly<Record<string, string>>} */ ({
    SIGSTOP: "pause",
    SIGCONT: "unpause",
    SIGKILL: "kill"
  })
  return {
    url,
    pid: () => pid,
    kill: async (signal) => {
      const command = signals[signal]
      await (command === undefined ? docker("kill", "--signal", signal, name) : docker(command, name))
    },
    restart: async () => {
      if ((await inspect("{{.State.Paused}}")) === "true") await docker("unpause", name)
      if ((await inspect("{{.State.Running}}")) === "true") await docker("kill", name)
      await docker("start", name)
      await started()
    },
    stop
  }
}
