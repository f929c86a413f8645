import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { findOnMachine } from "../services/machine.mjs"
import type { Service } from "../services/Service.js"
import { services } from "../services/services.mjs"
import { sourceOf } from "../services/source.mjs"

afterEach(() => vi.unstubAllEnvs())

/** The service on a machine that has nothing but programs that print these versions, each first on PATH. */
const machineWith = (service: Service, ...outputs: ReadonlyArray<string>): Service => {
  const folders = outputs.map((output) => {
    const folder = mkdtempSync(join(tmpdir(), "programs "))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const program = join(folder, service.machine.program)
    writeFileSync(program, `#!/bin/sh\necho '${output}'\n`)
    chmodSync(program, 0o755)
    return folder
  })
  vi.stubEnv("PATH", [...folders, "/bin", "/usr/bin"].join(delimiter))
  return { ...service, machine: { program: service.machine.program, folders: () => [] } }
}

const versions: ReadonlyArray<readonly [name: keyof typeof services, output: string, version: string]> = [
  ["pg", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"],
  ["pg", "postgres (PostgreSQL) 18", "18"],
  ["mysql", "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", "9.7.4"],
  ["mysql", "mysqld  Ver 8.4.3 for macos14.7 on arm64 (Homebrew)", "8.4.3"],
  ["mariadb", "mariadbd  Ver 11.8.6-MariaDB-0+deb13u1 from Debian for debian-linux-gnu on x86_64", "11.8.6"],
  ["mariadb", "mariadbd  Ver 10.11.14-MariaDB for debian-linux-gnu on x86_64", "10.11.14"]
]

describe("programs of the machine", () => {
  it.each(versions)("%s: %s", (name, output, version) => {
    expect(findOnMachine(machineWith(services[name], output)).version).toBe(version)
  })

  it.each([
    ["pg", "postgres (PostgreSQL) 14.9", "older than 15"],
    ["mysql", "mysqld  Ver 8.0.40 for Linux on x86_64", "older than 8.4"],
    ["mysql", "mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", "is not MySQL"],
    ["mariadb", "mariadbd  Ver 10.9.1-MariaDB for debian-linux-gnu on x86_64", "older than 10.11"]
  ] as const)("%s is not %s", (name, output, reason) => {
    expect(() => findOnMachine(machineWith(services[name], output))).toThrow(reason)
  })

  it("passes over one that will not do", () => {
    const both = ["mysqld  Ver 8.0.40 for Linux on x86_64", "mysqld  Ver 9.1.0 for Linux on x86_64"]
    expect(findOnMachine(machineWith(services.mysql, ...both)).version).toBe("9.1.0")
  })
})

it("says why a server cannot be had, and what to set", async () => {
  const service = machineWith(services.mysql, "mysqld  Ver 8.0.40 for Linux on x86_64")
  vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9")
  const error = await sourceOf(service, ["docker", "machine"]).catch((reason: Error) => reason)
  expect(String(error)).toMatch(/^Error: MySQL cannot be had\.\n- Docker: .+/)
  expect(String(error)).toContain("- programs of this machine: ")
  expect(String(error)).toContain("is MySQL 8.0.40, older than 8.4")
  expect(String(error)).toContain("export APIKEYS_TEST_MYSQL_URL=mysql://user:password@127.0.0.1:3306/database")
})
