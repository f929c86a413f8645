// Refuses what the architecture forbids in packages/*/src: imports across layers, circles of imports, overlong files.
// Type imports count as well: who names another layer's types depends on it.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

const maxLines = 400

/** What the domain may use of `effect`: data and pure functions, none of the modules that bring services, state or time. */
const pureEffect = `
  Arbitrary Array BigDecimal BigInt Boolean Brand Cause Chunk Data DateTime Duration Effect Either Encoding Equal
  Equivalence FastCheck Function Hash HashMap HashSet Iterable JSONSchema Match Number Option Order ParseResult Predicate
  Pretty Record Redacted Schema SchemaAST SortedMap SortedSet String Struct Tuple Types Unify absurd flow identity pipe`
  .trim()
  .split(/\s+/)
  .map((name) => `effect/${name}`)

const coreFolders = ["domain", "ports", "services", "memory", "client", "node"].map((name) => `core/${name}`)
const sqlStore = ["effect", "@apikeys/core", "@apikeys/store-sql", "@effect/sql", "@effect/experimental/Reactivity"]

/**
 * Who may import whom. A key is a package, or a folder or module in its `src`; the longest one that fits a module
 * counts. A value names other keys, packages, or single exports of a package (`effect/Schema`).
 *
 * @type {Readonly<Record<string, ReadonlyArray<string>>>}
 */
export const layers = {
  "core/index": coreFolders,
  "core/domain": [...pureEffect, "uuid"],
  "core/ports": ["effect", "core/domain"],
  "core/services": ["effect", "core/domain", "core/ports"],
  // Where the services are put together: an application gives `ApiKeys.layer` a store and nothing else.
  "core/services/ApiKeys": ["effect", "core/domain", "core/ports", "core/services", "core/node"],
  "core/memory": ["effect", "core/domain", "core/ports"],
  "core/client": ["effect", "core/domain", "core/ports", "core/services"],
  "core/node": ["effect", "core/ports", "node:crypto"],
  "core/testing": ["effect", "core/domain", "core/ports", "vitest", "@effect/vitest"],
  // The whole library over a store: what its users call.
  "core/testing/client": ["effect", "core/domain", "core/ports", "core/client", "core/testing", "vitest"],
  "store-sql": ["effect", "@apikeys/core", "@effect/sql", "@effect/experimental/Reactivity"],
  // A file has a path, which is looked at to say what is wrong with it.
  "store-sqlite": [...sqlStore, "better-sqlite3", "node:fs", "node:path"],
  // The options that the drivers take, and the sockets that they use.
  "store-pg": [...sqlStore, "@effect/sql-pg", "pg", "node:tls"],
  "store-mysql": [...sqlStore, "@effect/sql-mysql2", "mysql2", "node:net", "node:tls"],
  // What stands in for a client's address, and is none, is hashed.
  http: ["effect", "@apikeys/core", "node:crypto"],
  express: ["effect", "@apikeys/core", "@apikeys/http", "express"],
  // Of each application that is made, so that no route asks in vain for a key.
  fastify: ["effect", "@apikeys/core", "@apikeys/http", "fastify", "fastify-plugin", "node:diagnostics_channel"]
}

/** Comments blanked out, lines kept: documentation is full of imports. Strings are matched so that none opens a comment. */
const withoutComments = (/** @type {string} */ source) =>
  source.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g,
    (comment, string) => string ?? comment.replace(/./g, "")
  )

/** Every import of a source. Statements begin a line (the formatter sees to it); `import("…")` stands anywhere. */
const importsOf = (/** @type {string} */ source) => {
  const text = withoutComments(source)
  return [
    ...text.matchAll(/^(?:import|export)\b(?<clause>[\w\s$*{},]*\bfrom\b)?\s*["'](?<specifier>[^"']+)["']/gm),
    ...text.matchAll(/\b(?:import|require)\(\s*(?:["'`](?<specifier>[^"'`$]+)["'`])?/g)
  ].map(({ groups: { clause = "", specifier = "" } = {}, index }) => ({
    specifier,
    line: text.slice(0, index).split("\n").length,
    names: (clause.match(/\{([^}]*)\}/)?.[1] ?? "")
      .split(",")
      .flatMap((name) => name.match(/^\s*(?:type\s+)?(\w+)/)?.[1] ?? [])
  }))
}

const isWithin = (/** @type {string} */ path, /** @type {string} */ folder) =>
  path === folder || path.startsWith(`${folder}/`)

const layerOf = (/** @type {string} */ module) =>
  Object.keys(layers)
    .filter((key) => isWithin(module, key))
    .sort((a, b) => b.length - a.length)[0]

/**
 * What of an import from a package a layer may not have: names, or the package's own where it is taken whole.
 *
 * @param {string} layer
 * @param {string} specifier
 * @param {ReadonlyArray<string>} names
 */
const refusedOfPackage = (layer, specifier, names) => {
  const allowed = layers[layer] ?? []
  // A subpath of ours is a layer of its own: `@apikeys/core/testing` brings a test runner.
  const isOurs = specifier.startsWith("@apikeys/")
  if (allowed.some((name) => (isOurs ? specifier === name : isWithin(specifier, name)))) return []
  const imported = names.length === 0 ? [specifier] : names.map((name) => `${specifier}/${name}`)
  return imported.filter((name) => !allowed.includes(name))
}

/**
 * @param {string} layer
 * @param {string} target
 */
const mayImportModule = (layer, target) =>
  [layer, ...(layers[layer] ?? [])].some((allowed) => isWithin(layerOf(target) ?? "", allowed))

/** Each circle once, as the list of its modules. */
const circles = (/** @type {ReadonlyMap<string, ReadonlyArray<string>>} */ graph) => {
  /** @type {Array<ReadonlyArray<string>>} */
  const found = []
  const finished = new Set()
  const visit = (/** @type {string} */ module, /** @type {ReadonlyArray<string>} */ path) => {
    if (path.includes(module)) found.push([...path.slice(path.indexOf(module)), module])
    if (finished.has(module) || path.includes(module)) return
    for (const target of graph.get(module) ?? []) visit(target, [...path, module])
    finished.add(module)
  }
  for (const module of graph.keys()) visit(module, [])
  return found
}

const sourcesIn = (/** @type {string} */ folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => /\.[cm]?tsx?$/.test(file))
        .sort()
    : []

/** What is wrong in the `packages` of this folder, a line each. */
export const check = (/** @type {string} */ root) => {
  /** @type {Array<string>} */
  const problems = []
  /** @type {Map<string, Array<string>>} */
  const graph = new Map()
  const packages = join(root, "packages")

  for (const name of readdirSync(packages)) {
    const src = join(packages, name, "src")
    for (const file of sourcesIn(src)) {
      const source = readFileSync(join(src, file), "utf8")
      const module = `${name}/${file
        .split(sep)
        .join("/")
        .replace(/\.[cm]?tsx?$/, "")}`
      const where = relative(root, join(src, file))
      const layer = layerOf(module)
      /** @type {Array<string>} */
      const targets = []
      graph.set(module, targets)

      const lines = source.trimEnd().split("\n").length
      if (lines > maxLines) problems.push(`${where}: ${lines} lines are more than ${maxLines}`)
      if (layer === undefined) {
        problems.push(`${where}: no layer of scripts/check-layers.mjs has this module`)
        continue
      }
      for (const { specifier, names, line } of importsOf(source)) {
        const problem = (/** @type {string} */ text) => problems.push(`${where}:${line}: ${text}`)
        if (specifier === "") {
          problem("imports what is only known when it runs")
        } else if (specifier.startsWith(".")) {
          const path = relative(src, resolve(dirname(join(src, file)), specifier))
            .split(sep)
            .join("/")
          const target = `${name}/${path.replace(/\.[cm]?jsx?$/, "")}`
          if (path.startsWith("..")) problem(`"${specifier}" is outside of the package's src`)
          else if (!mayImportModule(layer, target)) problem(`${layer} must not import ${target}`)
          targets.push(target)
        } else {
          for (const refused of refusedOfPackage(layer, specifier, names))
            problem(`${layer} must not import ${refused}`)
        }
      }
    }
  }
  return [...problems, ...circles(graph).map((circle) => `a circle of imports: ${circle.join(" → ")}`)]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = check(resolve(fileURLToPath(import.meta.url), "../.."))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log("Imports keep to the layers, none go in a circle, no file is too long.")
}
