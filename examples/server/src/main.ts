import Fastify from "fastify"
import { api } from "./api.js"
import { answerError } from "./http/problems.js"
import { answerUnreadable, watchRequests } from "./http/unreadable.js"
import { logger } from "./logging.js"
import { findOperators } from "./operators.js"
import { stopGracefully } from "./shutdown.js"
import { firstAdminKey } from "./start/firstAdminKey.js"
import { openClient } from "./start/openClient.js"
import { readSettings } from "./start/settings.js"
import { signingSecretOf } from "./start/signingSecret.js"

const app = Fastify({
  logger,
  bodyLimit: 64 * 1024,
  // What was accepted is answered, not turned away.
  return503OnClosing: false,
  frameworkErrors: answerError,
  clientErrorHandler: answerUnreadable,
  http: { requireHostHeader: false }
})
watchRequests(app.server)

try {
  const settings = readSettings(process.env)
  const say = (text: string): void => app.log.info(text)
  const signingSecret = await signingSecretOf(settings, say)
  const client = await openClient(settings, signingSecret, say)
  stopGracefully(app, client, settings.storeTimeoutMillis + 3000)
  const operators = await findOperators(client, { signingSecret, adopted: settings.operatorsOrganization })
  await firstAdminKey(client, operators, settings, say)
  await api(app, { client, operators })
  await app.listen({ host: settings.host, port: settings.port })
} catch (error) {
  // The message alone: it says what to do, and holds no secret.
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
  await app.close()
}
