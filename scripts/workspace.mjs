// From a bare clone to a built workspace: what `npm run demo`, `npm test` and `.ci/run` start with.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { pnpm, root, spawnOptions } from "./pnpm.mjs"

const nodeModules = join(root, "node_modules")
const stampFile = join(nodeModules, ".workspace-stamp")

/** @param {string} message */
const fail = (message) => {
  console.error(`\n${message}`)
  process.exit(1)
}

/** @param {number} start */
const since = (start) => {
  const seconds = (Date.now() - start) / 1000
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/**
 * Says what is being done, for how long and how far it is; shows a command's own output only if it fails.
 *
 * @param {string} title
 * @param {[command: string, args: string[]]} commandLine
 */
const step = async (title, [command, args]) => {
  const start = Date.now()
  const { isTTY, columns = 80 } = process.stdout
  /** @type {(line: string) => void} */
  const progress = isTTY
    ? (line) => process.stdout.write(`\r\x1b[K${line.slice(0, columns - 1)}`)
    : (line) => console.log(line)

  console.log(`${title} …`)
  const child = spawn(command, args, { ...spawnOptions, stdio: ["ignore", "pipe", "pipe"], env: environment() })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text
    })
  }
  const lastLine = () => output.trimEnd().split("\n").at(-1)?.trim() ?? ""
  const timer = setInterval(() => progress(`  ${since(start)} ${lastLine()}`), isTTY ? 500 : 15_000)
  const outcome = await new Promise((done) => {
    child.on("error", (error) => done(error.message))
    child.on("close", (code, signal) => done(code === 0 ? "" : `${command} ended with ${signal ?? `code ${code}`}`))
  })
  clearInterval(timer)
  if (isTTY) progress("")
  if (outcome !== "") fail(`${output}\n${title}: failed after ${since(start)} (${outcome})`)
  console.log(`  done in ${since(start)}`)
}

/** An addon compiled here needs Node's headers: those beside this Node, if any, save a download that may be out of reach. */
const headersBesideNode = () => {
  const prefix = dirname(dirname(process.execPath))
  const header = join(prefix, "include/node/node_version.h")
  if (!existsSync(header)) return undefined
  const text = readFileSync(header, "utf8")
  const version = ["MAJOR", "MINOR", "PATCH"].map((part) => text.match(`NODE_${part}_VERSION (\\d+)`)?.[1]).join(".")
  return version === process.versions.node ? prefix : undefined
}

/** What child processes run with. */
export const environment = () => {
  const headers = headersBesideNode()
  return {
    ...(headers && { npm_config_nodedir: headers }),
    ...process.env,
    // pnpm asks nothing then.
    CI: "true",
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1"
  }
}

const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`This project needs Node.js 20.19 or newer; this is ${process.version}. Get one from https://nodejs.org.`)
  }
}

/** The folders of the workspace that have a package.json, the root as ".". */
export const workspaces = () => {
  const isFolder = (/** @type {import("node:fs").Dirent} */ entry) =>
    entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")
  const foldersIn = (/** @type {string} */ parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter(isFolder)
      .map(({ name }) => posix.join(parent, name))
  const top = foldersIn(".")
  return [".", ...top, ...top.flatMap(foldersIn)]
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .sort()
}

/** Changes whenever an install could have something to do. */
const stamp = () => {
  const hash = createHash("sha256")
  const manifests = workspaces().map((folder) => join(folder, "package.json"))
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)))
  }
  // A folder copied from another machine, or used by another Node, needs other binaries.
  return hash.update([process.platform, process.arch, process.versions.modules].join()).digest("hex")
}

/** Whether the one native addon is there, whole, and made for this Node: pnpm does not look. */
const addonLoads = () =>
  spawnSync(process.execPath, ["--input-type=commonjs", "-e", 'new (require("better-sqlite3"))(":memory:")'], {
    cwd: join(root, "packages/store-sqlite"),
    stdio: "ignore"
  }).status === 0

const install = async () => {
  const wanted = stamp()
  const installed = existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted
  if (installed && addonLoads()) return

  const hint = existsSync(nodeModules) ? "" : " (first time: some minutes, better-sqlite3 is compiled if need be)"
  await step(`Installing dependencies${hint}`, pnpm(["install", "--frozen-lockfile"]))
  if (!addonLoads()) {
    await step("Compiling better-sqlite3 for this Node.js", pnpm(["rebuild", "--recursive", "better-sqlite3"]))
    if (!addonLoads()) fail("better-sqlite3 does not load. Delete node_modules and try again.")
  }
  writeFileSync(stampFile, wanted)
}

/**
 * Installs what is missing and builds what has changed.
 *
 * @param {{ readonly only?: string }} options `only`: this package and what it depends on
 */
export const prepare = async ({ only } = {}) => {
  checkNode()
  await install()
  const filter = only === undefined ? [] : [`--filter=${only}`]
  await step("Building", pnpm(["exec", "turbo", "run", "build", ...filter]))
}

/**
 * Runs a Node program in the foreground and ends with its exit code.
 *
 * @param {ReadonlyArray<string>} args
 */
export const runNode = (args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" })
  process.exitCode = status ?? 1
}
