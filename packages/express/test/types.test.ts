import type { ApiKeyClient } from "@apikeys/core"
import {
  type ApiKeyAuthOptions,
  apiKeyAuth,
  basicUser,
  type OnError,
  type ProblemError,
  query,
  scheme
} from "@apikeys/express"
import type { GuardOptions } from "@apikeys/http"
import type { NextFunction, Request, RequestHandler, Response } from "express"
import { describe, expectTypeOf, it } from "vitest"

// Checked by `tsc -b`: what is claimed here is of types alone.

describe("types", () => {
  it("options are those of a guard of Express's requests, and its own", () => {
    expectTypeOf<ApiKeyAuthOptions>().toExtend<GuardOptions<Request>>()
    expectTypeOf<Exclude<keyof ApiKeyAuthOptions, keyof GuardOptions<Request>>>().toEqualTypeOf<
      "onError" | "property"
    >()
    expectTypeOf<ApiKeyAuthOptions["property"]>().toEqualTypeOf<"apiKey" | undefined>()
    expectTypeOf<Parameters<OnError>>().toEqualTypeOf<[ProblemError, Request, Response, NextFunction]>()
    expectTypeOf(apiKeyAuth).returns.toEqualTypeOf<RequestHandler>()
  })

  it("functions of the request have its type, without casts", () => {
    const client = {} as ApiKeyClient
    const options: ReadonlyArray<ApiKeyAuthOptions> = [
      { client: () => client, productId: (req) => String(req.params["id"]), cost: (req) => req.path.length },
      { client, credentials: { read: (req) => req.get("x-forwarded-key") ?? null }, optional: true },
      { client, credentials: { bearer: false, read: basicUser }, preflight: "pass" },
      { client, credentials: { read: scheme("Token") }, property: "apiKey" },
      { client, credentials: { read: query("api_key") }, hideCredentials: true }
    ]
    // @ts-expect-error A name that is not registered would not be typed.
    const other: ApiKeyAuthOptions = { client, property: "credential" }
    // @ts-expect-error Keys are read at once.
    const later: ApiKeyAuthOptions = { client, credentials: { read: async () => "key" } }
    expectTypeOf([...options, other, later]).toBeArray()
  })
})
