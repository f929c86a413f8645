import { InvalidInputError } from "@apikeys/core"
import { type Decision, makeGuard, type ProblemError, type RequestReader } from "@apikeys/http"
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, onRequestHookHandler } from "fastify"
import type { ApiKeysPluginOptions, OnError } from "./PluginOptions.js"
import type { RequestKey } from "./Register.js"
import { sendProblem, setFields } from "./sendProblem.js"

const reader: RequestReader<FastifyRequest> = {
  message: (request) => request.raw,
  address: (request) => request.ip
}

/** What is not the guard's to check: ours, and what Fastify takes from the options of every plugin. */
const adapterOptions = ["onError", "prefix", "logLevel", "logSerializers"]

/** A guard as a hook of Fastify. */
export const guardHook = (options: ApiKeysPluginOptions): onRequestHookHandler => {
  const guard = makeGuard(options, reader, adapterOptions)
  const { onError } = options
  if (onError !== undefined && typeof onError !== "function") {
    throw new InvalidInputError({ issues: [{ path: "onError", rule: "is not a function" }] })
  }

  const apply = (
    decision: Decision,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction
  ): void => {
    // Somebody else has answered in the meantime, a time-out for instance.
    if (reply.sent) return
    if (decision._tag === "Passed") {
      // The type is the application's own word, as that of the client's metadata is.
      if (decision.key !== null) request.apiKey = decision.key as RequestKey
      setFields(reply, decision.fields)
      done()
      return
    }
    const { error } = decision
    if (onError === undefined) sendProblem(reply, error)
    else answer(onError, error, request, reply, done)
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
    // What is thrown here is Fastify's to catch.
    const decision = guard.check(request)
    if ("then" in decision) decision.then((made) => apply(made, request, reply, done), done)
    else apply(decision, request, reply, done)
  }
}

/** Nothing that an application's function throws, now or later, may go unheard. */
const answer = (
  onError: OnError,
  error: ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction
): void => {
  const fail = (thrown: unknown): void => {
    // A mistake in it is no refusal; the error itself, passed on, brings its status along.
    if (!reply.sent) reply.code(500)
    done(thrown as Error)
  }
  reply.code(error.status)
  setFields(reply, Object.entries(error.headers))
  try {
    const answered = onError(error, request, reply)
    if (answered instanceof Promise) answered.catch(fail)
  } catch (thrown) {
    fail(thrown)
  }
}
