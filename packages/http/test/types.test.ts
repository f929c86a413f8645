import type { IncomingMessage } from "node:http"
import type { ApiKeyClient } from "@apikeys/core"
import { describe, expectTypeOf, it } from "vitest"
import {
  basicUser,
  type CredentialOptions,
  type CredentialReader,
  type Decision,
  type FailureLimit,
  type GuardOptions,
  makeGuard,
  query,
  type RequestMessage,
  scheme
} from "../src/index.js"

// Checked by `tsc -b`: what is claimed here is of types alone.

type Options = GuardOptions<IncomingMessage>
type PerRequest<A> = A | ((request: IncomingMessage) => A)

describe("types", () => {
  it("every option of a guard has its type", () => {
    expectTypeOf<keyof Options>().toEqualTypeOf<
      | "client"
      | "organizationId"
      | "projectId"
      | "productId"
      | "requiredScopes"
      | "cost"
      | "checkRateLimit"
      | "trackUsage"
      | "credentials"
      | "optional"
      | "hideCredentials"
      | "preflight"
      | "rotationHeader"
      | "failureLimit"
      | "realm"
      | "challengeScheme"
      | "revokedStatus"
      | "rateLimitHeaders"
    >()
    expectTypeOf<ApiKeyClient>().toExtend<Options["client"]>()
    expectTypeOf<(request: IncomingMessage) => ApiKeyClient>().toExtend<Options["client"]>()
    expectTypeOf<NonNullable<Options["organizationId"]>>().toEqualTypeOf<NonNullable<PerRequest<string | null>>>()
    expectTypeOf<PerRequest<ReadonlyArray<string>>>().toEqualTypeOf<NonNullable<Options["requiredScopes"]>>()
    expectTypeOf<PerRequest<number> | undefined>().toEqualTypeOf<Options["cost"]>()
    expectTypeOf<PerRequest<boolean> | undefined>().toEqualTypeOf<Options["checkRateLimit"]>()
    expectTypeOf<boolean | undefined>().toEqualTypeOf<Options["optional"]>()
    expectTypeOf<boolean | undefined>().toEqualTypeOf<Options["hideCredentials"]>()
    expectTypeOf<"answer" | "pass" | undefined>().toEqualTypeOf<Options["preflight"]>()
    expectTypeOf<401 | 403 | undefined>().toEqualTypeOf<Options["revokedStatus"]>()
    expectTypeOf<FailureLimit>().toExtend<Options["failureLimit"]>()
    expectTypeOf<CredentialOptions<IncomingMessage> | undefined>().toEqualTypeOf<Options["credentials"]>()
  })

  it("options that would widen what is asked cannot be undefined", () => {
    // @ts-expect-error A setting that is missing asks for nothing.
    const organization: Options = { client: {} as ApiKeyClient, organizationId: undefined }
    // @ts-expect-error The same.
    const scopes: Options = { client: {} as ApiKeyClient, requiredScopes: undefined }
    expectTypeOf([organization, scopes]).toBeArray()
  })

  it("a reader of keys gives a string, or none; the ready-made ones take the requests of every framework", () => {
    type Read = NonNullable<CredentialOptions<IncomingMessage>["read"]>
    expectTypeOf<ReturnType<Read>>().toEqualTypeOf<string | null | undefined>()
    expectTypeOf<(request: IncomingMessage) => string | null>().toExtend<Read>()
    expectTypeOf<() => Promise<string>>().not.toExtend<Read>()
    for (const ready of [basicUser, scheme("Token"), query("api_key")]) {
      expectTypeOf(ready).toExtend<Read>()
      expectTypeOf(ready).toExtend<CredentialReader<{ readonly raw: IncomingMessage }>>()
    }
    // Their own members are known, and no others.
    expectTypeOf<keyof Read>().toEqualTypeOf<"fields" | "hide" | "securityScheme">()
  })

  it("a request is Node's, or a mock that has headers", () => {
    expectTypeOf<IncomingMessage>().toExtend<RequestMessage>()
    expectTypeOf<{ headers: { "x-api-key": string } }>().toExtend<RequestMessage>()
  })

  it("a decision says by its tag what is to be done", () => {
    const guard = () =>
      makeGuard<IncomingMessage>({ client: {} as ApiKeyClient }, { message: (m) => m, address: () => "" })
    expectTypeOf<ReturnType<ReturnType<typeof guard>["check"]>>().toEqualTypeOf<Decision | Promise<Decision>>()
    expectTypeOf<Decision["_tag"]>().toEqualTypeOf<"Passed" | "Refused" | "Answered">()
  })
})
