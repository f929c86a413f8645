// A server from Debian's packages, unpacked into the cache and run from there: nothing is installed into the system.
/** @import { Programs, Service } from "./Service.js" */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { aptSources, debianSource, withSuite } from "./aptSources.mjs"
import { cached } from "./cache.mjs"
import { dyingWithParent, run, split } from "./command.mjs"
import { versionOf } from "./machine.mjs"
import { startProgress } from "./progress.mjs"

const printed = (/** @type {string} */ command, /** @type {ReadonlyArray<string>} */ args) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()

/** The paths in this folder that a pattern with `*` for a name stands for. */
const pathsIn = (/** @type {string} */ folder, /** @type {string} */ pattern) =>
  pattern.split("/").reduce(
    (/** @type {ReadonlyArray<string>} */ paths, name) =>
      paths.flatMap((path) => {
        const names = name === "*" ? readdirSync(path) : [name]
        return names.map((each) => join(path, each)).filter((each) => existsSync(each))
      }),
    [folder]
  )

/**
 * A configuration of apt that knows none of what is installed, and keeps its state in this folder. Of the machine's own
 * it takes how to get at the network, and leaves what it does after an update.
 *
 * @param {string} folder
 * @param {string} sources
 */
const privateApt = (folder, sources) => {
  for (const name of ["lists/partial", "archives/partial", "sources"])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, "sources/debian.sources"), sources)
  writeFileSync(join(folder, "status"), "")
  const network = printed("apt-config", ["dump"])
    .split("\n")
    .filter((line) => /^Acquire::(?!Languages)/.test(line))
  const lines = [
    ...network,
    `Dir::State "${folder}";`,
    `Dir::State::lists "${join(folder, "lists")}";`,
    `Dir::State::status "${join(folder, "status")}";`,
    `Dir::Cache "${folder}";`,
    `Dir::Cache::archives "${join(folder, "archives")}";`,
    'Dir::Etc::sourcelist "/dev/null";',
    `Dir::Etc::sourceparts "${join(folder, "sources")}";`,
    'Dir::Etc::main "/dev/null";',
    'Dir::Etc::parts "/dev/null";',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'APT::Update::Error-Mode "any";',
    'APT::Install-Recommends "false";',
    // The user that apt else takes may not get into the folder.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : [])
  ]
  writeFileSync(join(folder, "apt.conf"), lines.join("\n"))
  return { ...process.env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" }
}

/** Downloads a package with all that it needs, and unpacks it into `folder`. */
const download = async (/** @type {Service} */ { debian, title }, /** @type {string} */ folder) => {
  const codename = readFileSync("/etc/os-release", "utf8").match(/^VERSION_CODENAME="?([^"\n]*)/m)?.[1]
  const source = debianSource(aptSources(), codename)
  if (source === undefined) throw new Error("apt of this machine has no source of Debian's packages")

  const work = join(folder, "apt")
  const env = privateApt(work, withSuite(source, debian.suite))
  const progress = startProgress(`${title}: downloading from Debian ${debian.suite}`)
  const apt = (/** @type {string} */ what, /** @type {Array<string>} */ ...args) =>
    run(...split([...dyingWithParent("SIGTERM"), "apt-get", "-o", "APT::Status-Fd=1", ...args]), {
      env,
      onOutput: (text) => {
        const percent = [...text.matchAll(/^dlstatus:\d+:([\d.]+):/gm)].at(-1)?.[1]
        if (percent !== undefined) progress.update(`${what} ${Math.round(Number(percent))} %`)
      }
    })
  try {
    await apt("list of packages", "update")
    await apt("packages", "install", "--yes", "--download-only", debian.package)
    const archives = readdirSync(join(work, "archives")).filter((name) => name.endsWith(".deb"))
    const unpack = async () => {
      for (let name = archives.pop(); name !== undefined; name = archives.pop()) {
        progress.update(`unpacking, ${archives.length} packages to go`)
        await run("dpkg", ["-x", join(work, "archives", name), folder])
      }
    }
    await Promise.all([unpack(), unpack(), unpack(), unpack()])
    for (const name of ["apt", "usr/share/doc", "usr/share/man"])
      rmSync(join(folder, name), { recursive: true, force: true })
  } finally {
    progress.end()
  }
}

/** Puts a script in the place of a program that starts it with the libraries that were unpacked with it. */
const wrap = (/** @type {string} */ folder, /** @type {string} */ program) => {
  const triplet = pathsIn(folder, "usr/lib/*/libc.so.6").map((path) => relative(folder, join(path, "..")))[0]
  const loader = ["usr/lib64", "usr/lib", triplet ?? ""]
    .flatMap((name) => pathsIn(folder, `${name}/*`))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path))
  if (triplet === undefined || loader === undefined) throw new Error(`no C library was unpacked into ${folder}`)
  const up = relative(join(program, ".."), folder)
  renameSync(program, `${program}.program`)
  writeFileSync(
    program,
    `#!/bin/sh
folder=$(dirname "$0")/${up}
exec "$folder/${relative(folder, loader)}" --argv0 "$0" --library-path "$folder/${triplet}" "$0.program" "$@"
`,
    { mode: 0o755 }
  )
}

/** @returns {Promise<Programs>} */
export const unpackFromDebian = async (/** @type {Service} */ service) => {
  if (!existsSync("/etc/debian_version") || !existsSync("/usr/bin/apt-get")) throw new Error("this is not a Debian")
  const { programs } = service.debian
  const arch = printed("dpkg", ["--print-architecture"])
  const folder = await cached(`${service.debian.package}-${service.debian.suite}-${arch}`, async (partial) => {
    await download(service, partial)
    for (const program of programs.flatMap((pattern) => pathsIn(partial, pattern))) wrap(partial, program)
  })
  const server = pathsIn(folder, programs[0] ?? "")[0]
  if (server === undefined) throw new Error(`${folder} lacks ${programs[0]}. Delete it, and it is made again.`)
  return { origin: "debian", server, version: versionOf(service, server), folder }
}
