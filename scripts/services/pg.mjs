/** @import { Service } from "./Service.js" */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

// A killed process loses nothing that it has written to files, so these settings survive what the tests do to servers;
// only a machine that loses power would lose data. Turning off synchronous_commit and full_page_writes as well loses
// commits when the server is killed, and measured no faster. The time zone shows who relies on that of the server.
const settings = [
  "fsync=off",
  "max_connections=500",
  "max_wal_size=4GB",
  "checkpoint_timeout=1h",
  "timezone=<+0530>-05:30",
  "log_min_messages=log",
  "log_checkpoints=off"
].flatMap((setting) => ["-c", setting])

const folders = () => {
  /** @type {Array<string>} */
  const found = []
  try {
    found.push(
      execFileSync("pg_config", ["--bindir"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
    )
  } catch {
    // Not there: it comes with the headers, which many machines lack.
  }
  for (const parent of ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"]) {
    const names = existsSync(parent) ? readdirSync(parent) : []
    const versions = names.filter((name) => /^(postgresql@|pgsql-)?\d+$/.test(name))
    // The newest first.
    versions.sort((a, b) => Number(b.replace(/\D/g, "")) - Number(a.replace(/\D/g, "")))
    found.push(...versions.map((version) => join(parent, version, "bin")))
  }
  return found
}

/** @type {Service} */
export const pg = {
  name: "pg",
  title: "PostgreSQL",
  variable: "APIKEYS_TEST_PG_URL",
  protocol: "postgres",
  minimum: "15",
  // Immediate shutdown. A postmaster that is killed leaves a segment of System V shared memory behind, of which a
  // machine has few.
  stopSignal: "SIGQUIT",
  durability: ["-c", "fsync=on"],
  readyLine: /database system is ready to accept connections/,

  container: {
    image: "postgres:17",
    port: 5432,
    user: "apikeys",
    environment: (password) => ({ POSTGRES_USER: "apikeys", POSTGRES_PASSWORD: password, POSTGRES_DB: "apikeys" }),
    settings
  },
  machine: { program: "postgres", folders },
  debian: {
    suite: "stable",
    package: "postgresql",
    programs: ["usr/lib/postgresql/*/bin/postgres", "usr/lib/postgresql/*/bin/initdb"]
  },

  versionIn: (output) => output.match(/^postgres \(PostgreSQL\) (\d+(?:\.\d+)*)/)?.[1],

  initialize: async ({ server }, folder, { data, user, password }, run) => {
    const passwordFile = join(folder, "password")
    writeFileSync(passwordFile, password)
    const access = [`--username=${user}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"]
    const initdb = join(dirname(server), "initdb")
    await run(initdb, [`--pgdata=${data}`, ...access, "--encoding=UTF8", "--no-locale", "--no-sync"])
    await run(server, ["--single", "-D", data, "-c", "fsync=off", "postgres"], "create database apikeys;\n")
  },

  args: (_programs, data, port) => [
    ...["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    // In the data directory: what a killed server leaves in /dev/shm nobody removes.
    ...["-c", "dynamic_shared_memory_type=mmap"],
    ...settings
  ]
}
