import { ApiKeyClient } from "@apikeys/core"
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
  try {
    const client = await ApiKeyClient.open({
      store: await storeOf(options.to),
      signingSecret: options.signingSecret,
      // Where it is the same one, it counts once, and the digests are of the current one.
      previousSigningSecrets: [options.oldSigningSecret]
    })
    try {
      await migrateTenants(client, source, report)
      await migrateKeys(client, source, options, report, terminal)
    } finally {
      await client.close()
    }
  } finally {
    terminal.end()
    await source.close()
  }
  const { environment, prefix } = options
  const form =
    environment === null ? `{ prefix: "${prefix}" }` : `{ prefix: "${prefix}", environment: "${environment}" }`
  for (const line of report.summary()) terminal.line(line)
  const accepting = `acceptForeignKeys: [pythonKeys(${form})]`
  const secrets =
    options.oldSigningSecret === options.signingSecret ? "" : " and the old secret in previousSigningSecrets"
  terminal.line(`Open your client with ${accepting}${secrets}, and these keys verify.`)
  return report
}
