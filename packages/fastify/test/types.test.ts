import type { ApiKeyClient } from "@apikeys/core"
import {
  type ApiKeysPluginOptions,
  basicUser,
  type OnError,
  type ProblemError,
  query,
  type RouteGuardOptions,
  scheme
} from "@apikeys/fastify"
import type { GuardOptions } from "@apikeys/http"
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from "fastify"
import { describe, expectTypeOf, it } from "vitest"

// Checked by `tsc -b`: what is claimed here is of types alone.

describe("types", () => {
  it("options are those of a guard of Fastify's requests, and its own; a route may leave out any", () => {
    expectTypeOf<ApiKeysPluginOptions>().toExtend<GuardOptions<FastifyRequest>>()
    expectTypeOf<Exclude<keyof ApiKeysPluginOptions, keyof GuardOptions<FastifyRequest>>>().toEqualTypeOf<
      "onError" | "property"
    >()
    expectTypeOf<ApiKeysPluginOptions["property"]>().toEqualTypeOf<"apiKey" | undefined>()
    expectTypeOf<Parameters<OnError>>().toEqualTypeOf<[ProblemError, FastifyRequest, FastifyReply]>()
    expectTypeOf<Exclude<keyof ApiKeysPluginOptions, keyof RouteGuardOptions>>().toEqualTypeOf<"property">()
    expectTypeOf<object>().toExtend<RouteGuardOptions>()
    expectTypeOf<FastifyContextConfig["apiKey"]>().toEqualTypeOf<boolean | RouteGuardOptions | undefined>()
  })

  it("functions of the request have its type, without casts", () => {
    const client = {} as ApiKeyClient
    const options: ReadonlyArray<ApiKeysPluginOptions> = [
      { client: () => client, productId: (request) => request.id, cost: (request) => request.url.length },
      { client, credentials: { read: (request) => request.headers.cookie }, optional: true },
      { client, credentials: { bearer: false, read: basicUser }, preflight: "pass" },
      { client, credentials: { read: scheme("Token") }, property: "apiKey" },
      { client, credentials: { read: query("api_key") }, hideCredentials: true }
    ]
    // @ts-expect-error A name that is not registered would not be typed.
    const other: ApiKeysPluginOptions = { client, property: "credential" }
    // @ts-expect-error The plugin declares the property for all of its routes.
    const ofRoute: RouteGuardOptions = { property: "apiKey" }
    expectTypeOf([...options, other, ofRoute]).toBeArray()
  })
})
