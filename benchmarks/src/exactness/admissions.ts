import { QuotaError } from "@apikeys/core"
import { committed, memory as inMemory, leased, type Mode, strict } from "../contenders/apikeys.js"
import type { Bench } from "../contenders/Bench.js"
import { betterAuthFile, betterAuthPg, openBetterAuth } from "../contenders/betterAuth.js"
import { issueKeys } from "../contenders/keys.js"
import { openClient } from "../contenders/library.js"
import { openRateLimiterFlexible } from "../contenders/rateLimiterFlexible.js"
import { everyStore, type StoreOf } from "../contenders/stores.js"
import type { Framework, Guard } from "../routes/guards.js"
import { countServed } from "../routes/servedRoute.js"
import { type Admission, countAtOnce } from "./Admission.js"

const modes = [
  ["uncached, exact, durable", strict],
  ["exact, durable", committed],
  ["leased", leased],
  ["memory", inMemory]
] as const

const library = (store: StoreOf, words: string, mode: Mode): Admission => ({
  id: `exactness-${store.name}-${words.replaceAll(/[, ]+/g, "-")}`,
  contender: `apikeys, ${words}, ${store.title}`,
  isOurs: true,
  needs: store.name === "memory" || store.name === "sqlite" ? [] : [store.name],
  tags: ["exactness", store.name],
  admitted: async (bench, limit) => {
    const client = await openClient(await store.open(bench), mode)
    const { asked, plaintexts } = await issueKeys(client, 1, { requests: limit, window: "day" })
    const count = await countAtOnce(2 * limit, () =>
      client.validateKey(plaintexts[0] ?? "", asked).then(
        () => true,
        (error) => {
          // Anything else is no refusal, but a fault.
          if (error instanceof QuotaError) return false
          throw error
        }
      )
    )
    await client.close()
    return count
  }
})

const betterAuth = (
  name: "sqlite" | "pg",
  title: string,
  open: typeof betterAuthFile | typeof betterAuthPg
): Admission => ({
  id: `exactness-better-auth-${name}`,
  contender: `better-auth, ${title}`,
  isOurs: false,
  needs: name === "pg" ? ["pg"] : [],
  tags: ["exactness", "better-auth", name],
  admitted: async (bench, limit) => {
    const database = await open(bench)
    const { issue, verify } = await openBetterAuth(database)
    const key = await issue(limit)
    const count = await countAtOnce(2 * limit, () => verify(key))
    await database.close()
    return count
  }
})

const flexible: Admission = {
  id: "exactness-rate-limiter-flexible-pg",
  contender: "rate-limiter-flexible, PostgreSQL",
  isOurs: false,
  needs: ["pg"],
  tags: ["exactness", "rate-limiter-flexible", "pg"],
  admitted: async (bench: Bench, limit) => {
    const { close, limiter } = await openRateLimiterFlexible(bench, limit)
    const count = await countAtOnce(2 * limit, () =>
      limiter.consume("a key").then(
        () => true,
        (reason) => {
          // It refuses with a state, and fails with an error.
          if (reason instanceof Error) throw reason
          return false
        }
      )
    )
    await close()
    return count
  }
}

const route = (framework: Framework, guard: Guard, contender: string): ReadonlyArray<Admission> => {
  const isOurs = guard !== "rate limit"
  return [
    {
      id: `exactness-${framework}-${guard.replace(" ", "-")}`,
      contender,
      isOurs,
      needs: [],
      tags: ["exactness", "routes", framework],
      admitted: (bench, limit) => countServed(bench, framework, guard, limit, 2 * limit)
    }
  ]
}

export const admissions: ReadonlyArray<Admission> = [
  ...everyStore.flatMap((store) => modes.map(([words, mode]) => library(store, words, mode))),
  betterAuth("sqlite", "SQLite", betterAuthFile),
  betterAuth("pg", "PostgreSQL", betterAuthPg),
  flexible,
  ...route("fastify", "guarded", "apikeys, leased, guarded Fastify route"),
  ...route("fastify", "guarded strictly", "apikeys, uncached, exact, durable, guarded Fastify route"),
  ...route("fastify", "rate limit", "@fastify/rate-limit, in memory"),
  ...route("express", "guarded", "apikeys, leased, guarded Express route"),
  ...route("express", "guarded strictly", "apikeys, uncached, exact, durable, guarded Express route"),
  ...route("express", "rate limit", "express-rate-limit, in memory")
]
