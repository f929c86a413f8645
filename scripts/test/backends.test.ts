import { afterEach, describe, expect, it, vi } from "vitest"
import { selectedBackends, servicesOf, unselectedTests } from "../services/backends.mjs"

afterEach(() => vi.unstubAllEnvs())

describe("APIKEYS_TEST_STORES", () => {
  it("selects by name, in the order of the registry", () => {
    expect(selectedBackends("sqlite, memory")).toEqual(["memory", "sqlite"])
    expect(selectedBackends("memory,memory,")).toEqual(["memory"])
  })

  it("selects all when it is unset", () => {
    vi.stubEnv("APIKEYS_TEST_STORES", undefined)
    expect(selectedBackends()).toEqual(expect.arrayContaining(["memory", "sqlite"]))
  })

  it.each(["", " ", ",", " , "])("refuses %j, which selects none", (selection) => {
    expect(() => selectedBackends(selection)).toThrow(
      "selects no store. Choose from memory, sqlite, pg, mysql, mariadb"
    )
  })

  it.each(["postgres", "memory,postgres", "PG", "constructor", "__proto__", "*"])("refuses %j", (selection) => {
    expect(() => selectedBackends(selection)).toThrow(`APIKEYS_TEST_STORES=${selection}: there is no store`)
  })

  it("leaves out the test files of stores that are not selected, and no others", () => {
    vi.stubEnv("APIKEYS_TEST_STORES", "sqlite")
    expect(unselectedTests("packages/core")).toEqual(["test/memory.test.ts", "test/client/memoryClient.test.ts"])
    expect(unselectedTests("packages/store-sqlite")).toEqual([])
    expect(unselectedTests("packages/http")).toEqual([])
    vi.stubEnv("APIKEYS_TEST_STORES", "memory")
    expect(unselectedTests("packages/store-sqlite")).toEqual(["test/**"])
    expect(unselectedTests("packages/store-mysql")).toEqual(["test/**"])
    expect(unselectedTests("scripts")).toEqual(["test/servers/**"])
    expect(unselectedTests("examples/server")).toEqual(["test/servers.test.ts"])
    expect(unselectedTests("examples/migrate-from-python")).toEqual(["test/servers.test.ts"])
    vi.stubEnv("APIKEYS_TEST_STORES", "mariadb")
    expect(unselectedTests("packages/store-mysql")).toEqual([])
    expect(unselectedTests("packages/store-pg")).toEqual(["test/**"])
    expect(unselectedTests("scripts")).toEqual([])
  })

  it("decides which servers a folder's tests need", () => {
    vi.stubEnv("APIKEYS_TEST_STORES", "memory,pg,mariadb")
    expect(servicesOf("packages/core")).toEqual([])
    expect(servicesOf("packages/store-pg")).toEqual(["pg"])
    expect(servicesOf("packages/store-mysql")).toEqual(["mariadb"])
    expect(servicesOf("examples/server")).toEqual(["pg", "mariadb"])
    expect(servicesOf("examples/migrate-from-python")).toEqual(["pg", "mariadb"])
  })
})
