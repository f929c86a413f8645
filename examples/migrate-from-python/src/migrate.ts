import { ApiKeyClient } from "@apikeys/core"
import { findHeads, type Head, type Heads } from "./heads.js"
import { migrateKeys } from "./keys.js"
import type { MigrationOptions } from "./options.js"
import { Report } from "./Report.js"
import { openSource } from "./source/Source.js"
import { storeOf } from "./store.js"
import type { Terminal } from "./Terminal.js"
import { migrateTenants } from "./tenants.js"

/**
 * Takes over everything of a database of the Python library. What is there already stays as it is, so it may be run
 * again: after an error, with other options for what was refused, or for what the old application added meanwhile.
 */
export const migrate = async (options: MigrationOptions, terminal: Terminal): Promise<Report> => {
  const report = new Report(terminal)
  const source = await openSource(options.from)
  let heads: Heads
  try {
    heads = await findHeads(source, options)
    const client = await ApiKeyClient.open({
      store: await storeOf(options.to),
      signingSecret: options.signingSecret,
      // Where it is the same one, it counts once, and the digests are of the current one.
      previousSigningSecrets: [options.oldSigningSecret]
    })
    try {
      await migrateTenants(client, source, options, report)
      await migrateKeys(client, source, options, heads, report, terminal)
    } finally {
      await client.close()
    }
  } finally {
    terminal.end()
    await source.close()
  }
  for (const line of [...report.summary(), ...whatToDo(options, heads, report)]) terminal.line(line)
  return report
}

const formOf = ({ environment, prefix }: Head): string =>
  environment === null
    ? `pythonKeys({ prefix: "${prefix}" })`
    : `pythonKeys({ prefix: "${prefix}", environment: "${environment}" })`

/** How the keys that were taken over verify, and which of them do not. */
const whatToDo = (options: MigrationOptions, heads: Heads, report: Report): ReadonlyArray<string> => {
  const accepting = `acceptForeignKeys: [${heads.held.map(formOf).join(", ")}]`
  const secrets =
    options.oldSigningSecret === options.signingSecret ? "" : " and the old secret in previousSigningSecrets"
  const others = report.counted("head")
  const exceptions = `those that are revoked or expired${others === 0 ? "" : `, and ${others} with another beginning`}`
  return [
    `Open your client with ${accepting}${secrets}: the keys that are there verify, but for ${exceptions}.`,
    ...(heads.areShown || heads.held.length === 1
      ? []
      : ["Which of these forms are needed the old database does not show: it has the beginnings of secrets alone."]),
    "Limits start afresh: what keys used of a window before is not carried over."
  ]
}
