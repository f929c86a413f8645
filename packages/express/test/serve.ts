import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { apiKeyAuth, problemHandler } from "@apikeys/express"
import type express from "express"
import { echo, type Serve } from "../../http/test/table/App.js"

/** An application of Express, of either version. */
export const serveWith =
  (framework: typeof express): Serve =>
  async ({ before = {}, guards, handler = echo, maxHeaderSize, move, socketPath, trustProxy = false, writes }) => {
    const app = framework()
    app.set("trust proxy", trustProxy)
    // What Express logs of an error that nobody handles.
    app.set("env", "test")
    app.use((request, response, next) => {
      response.set(before)
      move?.(request.headers)
      next()
    })
    for (const options of guards) app.use(apiKeyAuth(options))
    app.use((request, response, next) => {
      if (writes !== undefined) {
        writes(response)
        return
      }
      const { apiKey, headers, headersDistinct, originalUrl, query, rawHeaders, url } = request
      const urls = [url, originalUrl, query]
      Promise.resolve()
        .then(() => handler({ apiKey, headers, headersDistinct, rawHeaders, urls }))
        .then((reply) =>
          response
            .status(reply.status ?? 200)
            .set(reply.headers ?? {})
            .json(reply.body)
        )
        .catch(next)
    })
    app.use(problemHandler())
    const server = createServer(maxHeaderSize === undefined ? {} : { maxHeaderSize }, app)
    if (socketPath === undefined) server.listen(0, "127.0.0.1")
    else server.listen(socketPath)
    await once(server, "listening")
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        server.close()
        server.closeIdleConnections()
        await once(server, "close")
      }
    }
  }
