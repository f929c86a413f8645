import type { FailureLimit } from "./FailureLimit.js"

const warnings = {
  APIKEYS_NO_CLIENT_ADDRESS:
    "Requests come without a client address, as over a Unix socket: failureLimit counts all of them as one client",
  APIKEYS_NO_TRUSTED_PROXY:
    "Requests come with X-Forwarded-For, but no proxy is trusted: failureLimit counts all clients of a proxy as one. Set `trust proxy` of Express, or `trustProxy` of Fastify, to what stands before this process"
}

const given = new WeakMap<FailureLimit, Set<string>>()

/** Warns of what makes a limit count clients together, once for each limit. */
export const warnOnce = (limit: FailureLimit, code: keyof typeof warnings): void => {
  const codes = given.get(limit) ?? new Set()
  if (codes.has(code)) return
  given.set(limit, codes.add(code))
  process.emitWarning(warnings[code], { type: "ApiKeysWarning", code })
}
