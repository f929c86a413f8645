import type { ApiKeyClient } from "@apikeys/core"
import type { FastifyInstance } from "fastify"

/**
 * Lets the requests that the server has accepted come to their end, and then what they counted be written; in this
 * order, for a request that is under way may count yet.
 *
 * @param graceMillis longer than any call of the store may take: whoever has not sent all of a request by then holds
 * up nobody
 */
export const stopGracefully = (app: FastifyInstance, client: ApiKeyClient, graceMillis: number): void => {
  let stopping = false

  // A connection that is kept open would keep the server open: no more requests on it after this answer.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (stopping) reply.header("Connection", "close")
    done()
  })
  app.addHook("preClose", (done) => {
    stopping = true
    // And one whose answer was on its way already is closed once it has nothing more to do.
    setInterval(() => app.server.closeIdleConnections(), 50).unref()
    setTimeout(() => app.server.closeAllConnections(), graceMillis).unref()
    done()
  })
  app.addHook("onClose", async () => {
    const { unflushedUses } = await client.close()
    if (unflushedUses === 0) return
    app.log.error({ unflushedUses }, "Uses could not be written")
    process.exitCode = 1
  })

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return
    app.log.info(`${signal}: ending what is under way`)
    app.close().then(
      () => app.log.info("Stopped"),
      (error) => {
        app.log.error(error)
        process.exitCode = 1
      }
    )
  }
  process.on("SIGTERM", stop).on("SIGINT", stop)
}
