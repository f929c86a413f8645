import { InvalidInputError } from "@apikeys/core"
import { type Decision, errorOf, isPropertyName, makeGuard, type RequestReader } from "@apikeys/http"
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from "fastify"
import { answerWith } from "./answerWith.js"
import { guardRaw } from "./PastReply.js"
import type { ApiKeysPluginOptions } from "./PluginOptions.js"
import type { RegisteredProperty, RequestKey } from "./Register.js"
import { sendProblem, setFields } from "./sendProblem.js"

const reader: RequestReader<FastifyRequest> = {
  message: (request) => request.raw,
  address: (request) => request.ip,
  // Which Fastify gives only where it trusts one.
  trustsProxy: (request) => request.ips !== undefined
}

/** What is not the guard's to check: ours, and what Fastify takes from the options of every plugin. */
const adapterOptions = ["onError", "property", "prefix", "logLevel", "logSerializers"]

/** A guard as a hook of Fastify. */
export const guardHook = (options: ApiKeysPluginOptions): onRequestHookHandler => {
  const guard = makeGuard(options, reader, adapterOptions)
  const { onError, property = "apiKey" } = options
  checkOptions(onError, property)

  /** Whether the request goes on. */
  const apply = (
    decision: Decision,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction
  ): boolean => {
    // Somebody else has answered in the meantime, a time-out for instance.
    if (reply.sent) return false
    if (decision._tag === "Passed") {
      // The type is the application's own word, as that of the client's metadata is.
      if (decision.key !== null) request[property as RegisteredProperty] = decision.key as RequestKey
      setFields(reply, decision.fields)
      guardRaw(reply, decision.fields)
      return true
    }
    if (decision._tag === "Answered") reply.code(decision.status).send()
    else if (onError === undefined) sendProblem(reply, decision.error)
    else answerWith(onError, decision.error, request, reply, done)
    return false
  }

  const conclude = (
    decision: Decision,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction
  ): void => {
    let goesOn: boolean
    try {
      goesOn = apply(decision, request, reply, done)
    } catch (thrown) {
      done(errorOf(thrown))
      return
    }
    if (goesOn) done()
  }

  return (request, reply, done) => {
    if (request.routeOptions.config?.apiKey === false) {
      done()
      return
    }
    setFields(
      reply,
      guard.cacheFields((name) => reply.getHeader(name))
    )
    // What is thrown here is an `Error`, and Fastify's to catch.
    const decision = guard.check(request)
    if ("then" in decision) decision.then((made) => conclude(made, request, reply, done), done)
    else conclude(decision, request, reply, done)
  }
}

const checkOptions = (onError: unknown, property: unknown): void => {
  const issues = [
    ...(onError === undefined || typeof onError === "function" ? [] : [{ path: "onError", rule: "is not a function" }]),
    ...(isPropertyName(property) ? [] : [{ path: "property", rule: "is not a free name of a request" }])
  ]
  if (issues.length > 0) throw new InvalidInputError({ issues })
}
