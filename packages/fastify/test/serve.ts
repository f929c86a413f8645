import type { AddressInfo } from "node:net"
import { fastifyApiKeys, problemHandler } from "@apikeys/fastify"
import Fastify from "fastify"
import { type AnyOptions, echo, type Serve } from "../../http/test/table/App.js"

/** An application of Fastify. */
export const serve: Serve = async (asked) => {
  const { before = {}, guards, handler = echo, maxHeaderSize, move, socketPath, trustProxy = false, writes } = asked
  const app = Fastify({ trustProxy, ...(maxHeaderSize !== undefined && { http: { maxHeaderSize } }) })
  // The client alone: a guard has the plugin's options for a default, and here each stands for itself.
  await app.register(fastifyApiKeys, { client: (guards[0] as AnyOptions).client })
  app.setErrorHandler(problemHandler())
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(before)
    move?.(request.headers)
    done()
  })
  app.route({
    method: ["GET", "HEAD", "POST", "OPTIONS"],
    url: "/",
    onRequest: guards.map((options) => app.requireApiKey(options)),
    handler: async ({ apiKey, originalUrl, query, raw, url }, reply) => {
      if (writes !== undefined) {
        writes(reply.hijack().raw)
        return reply
      }
      const { headers, headersDistinct, rawHeaders } = raw
      const answer = await handler({
        apiKey,
        headers,
        headersDistinct,
        rawHeaders,
        urls: [url, originalUrl, query, raw.url]
      })
      return reply
        .code(answer.status ?? 200)
        .headers(answer.headers ?? {})
        .send(answer.body)
    }
  })
  await app.listen(socketPath === undefined ? { port: 0, host: "127.0.0.1" } : { path: socketPath })
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
}
