import { KeyToken } from "@apikeys/core"
import type { FastifyServerOptions } from "fastify"

/**
 * Requests are logged without headers and bodies. Somebody will put a key into a path all the same: whatever looks
 * like one is masked, here at the end of the line, whoever logged it.
 */
export const logger = {
  stream: { write: (line: string) => process.stdout.write(KeyToken.redact(line)) }
} satisfies FastifyServerOptions["logger"]
