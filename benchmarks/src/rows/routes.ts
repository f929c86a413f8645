import { connections, type Framework } from "../routes/guards.js"
import { servedRoute } from "../routes/servedRoute.js"
import type { Comparison } from "./Comparison.js"
import type { Row, Target } from "./Row.js"

const comparisonOf = (framework: Framework, title: string): Comparison => ({
  name: `${framework}-routes`,
  title: `A route of ${title}, ${connections} connections`,
  needs: [],
  loads: [connections],
  contenders: {
    ...servedRoute(framework, "unguarded"),
    ...servedRoute(framework, "guarded"),
    ...servedRoute(framework, "guarded strictly"),
    ...servedRoute(framework, "rate limit")
  }
})

export const comparisons: ReadonlyArray<Comparison> = [
  comparisonOf("fastify", "Fastify"),
  comparisonOf("express", "Express")
]

const row = (
  framework: Framework,
  id: string,
  contender: string,
  measured: string,
  target: Target | null,
  [other, against]: readonly [string, string] = ["unguarded", "the unguarded route"]
): Row => ({
  id,
  measured,
  against,
  comparison: `${framework}-routes`,
  contender,
  other,
  load: connections,
  unit: "requests/s",
  target,
  tags: ["routes", framework]
})

const cached = "cached, leased limit, usage"
const strict = "no cache, exact limit, durable usage"

export const rows: ReadonlyArray<Row> = [
  row("fastify", "fastify-guarded", "guarded", `guarded Fastify route: ${cached}`, { atLeast: 0.8 }),
  row("fastify", "fastify-guarded-strictly", "guarded strictly", `guarded Fastify route: ${strict}`, null),
  row("fastify", "fastify-rate-limit", "rate limit", "Fastify route with @fastify/rate-limit alone", null),
  row("express", "express-guarded", "guarded", `guarded Express route: ${cached}`, { atLeast: 0.68 }),
  row("express", "express-guarded-beside", "guarded", `guarded Express route: ${cached}`, { atLeast: 1 }, [
    "rate limit",
    "the route with express-rate-limit alone"
  ]),
  row("express", "express-guarded-strictly", "guarded strictly", `guarded Express route: ${strict}`, null),
  row("express", "express-rate-limit", "rate limit", "Express route with express-rate-limit alone", null)
]
