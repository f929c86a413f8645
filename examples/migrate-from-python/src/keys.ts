import type { ApiKeyClient, ImportKeyData, RefusedImport } from "@apikeys/core"
import type { Heads } from "./heads.js"
import type { MigrationOptions } from "./options.js"
import type { Report } from "./Report.js"
import { countKeys, oldKeys } from "./source/oldRows.js"
import type { Source } from "./source/Source.js"
import type { Terminal } from "./Terminal.js"
import { type Note, toImport } from "./toImport.js"

const wordsOf = (issues: RefusedImport["issues"]): string => {
  const words = issues.map(({ path, rule }) => `${path} ${rule}`).join(", ")
  if (issues.some(({ rule }) => rule === "is not linked to the project")) return `${words}, see --links`
  if (!issues.some(({ path }) => path.startsWith("scopes."))) return words
  return issues.some(({ rule }) => rule === "is a wildcard here")
    ? `${words}, see --wildcards`
    : `${words}, see --invalid-scopes`
}

/** All keys, in pages from the old database and in batches to the new one: a million take no more memory than a few. */
export const migrateKeys = async (
  client: ApiKeyClient,
  source: Source,
  options: MigrationOptions,
  heads: Heads,
  report: Report,
  terminal: Terminal
): Promise<void> => {
  const total = await countKeys(source)
  const started = performance.now()
  const { key: tally } = report.tallies
  const show = () => {
    const done = tally.imported + tally.existing + tally.refused
    terminal.progress({ done, total, seconds: (performance.now() - started) / 1000 })
  }

  /** What is to be said of those on their way, in their order: nothing, once they are refused. */
  const onTheirWay: Array<{ readonly id: string; readonly notes: ReadonlyArray<Note> }> = []
  const imports = async function* (): AsyncGenerator<ImportKeyData> {
    for await (const row of oldKeys(source)) {
      const converted = toImport(row, options, heads)
      if (typeof converted === "string") report.refuse("key", row.id, converted)
      else {
        onTheirWay.push({ id: converted.key.id, notes: converted.notes })
        yield converted.key
      }
    }
  }
  const refused = new Set<string>()
  let arrived = 0
  await client.importKeys(imports(), {
    wildcards: options.wildcards,
    onRefused: ({ id, issues }) => {
      report.refuse("key", id ?? "", wordsOf(issues))
      if (id !== null) refused.add(id)
    },
    onProgress: (progress) => {
      tally.imported = progress.imported
      tally.existing = progress.existing
      const now = progress.imported + progress.existing + progress.refused
      for (const { id, notes } of onTheirWay.splice(0, now - arrived)) {
        if (!refused.has(id)) for (const { finding, words } of notes) report.say(finding, "key", id, words)
      }
      refused.clear()
      arrived = now
      show()
    }
  })
  show()
  terminal.end()
}
