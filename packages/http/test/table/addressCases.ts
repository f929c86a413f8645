import { randomBytes } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "vitest"
import type { AnyOptions } from "./App.js"
import { bearer, type Case, type Scene } from "./Case.js"

const guess = bearer("myapp_guess")
const failureLimit = { requests: 1, window: "minute" } as const
const guards: ReadonlyArray<Partial<AnyOptions>> = [{ failureLimit }]
const from = (address: string) => ({ headers: [guess, ["X-Forwarded-For", address]] as const })
const invalid = { status: 401 }
const refused = { status: 429, headers: { "retry-after": "44" } }

/** The warnings of this library from now on, by their codes. */
const listen = () => {
  const codes: Array<string> = []
  const hear = (warning: Error & { code?: string }): void => {
    if (warning.name === "ApiKeysWarning") codes.push(String(warning.code))
  }
  process.on("warning", hear)
  return (...expected: ReadonlyArray<string>): void => {
    process.off("warning", hear)
    assert.deepStrictEqual(codes, expected)
  }
}

const warns = (name: string, codes: ReadonlyArray<string>, scene: Scene): Case => ({
  name,
  scene: () => {
    const heard = listen()
    return { ...scene, afterwards: () => heard(...codes) }
  }
})

/** Whom `failureLimit` takes for one client. */
export const addressCases: ReadonlyArray<Case> = [
  {
    name: "a port behind an address makes no new client",
    scene: () => ({
      trustProxy: true,
      guards,
      steps: [
        { ...from("203.0.113.67:40001"), expected: invalid },
        { ...from("203.0.113.67:40002"), expected: refused },
        { ...from("203.0.113.67"), expected: refused },
        { ...from("[2001:db8::1]:40001"), expected: invalid },
        { ...from("[2001:db8::1]:40002"), expected: refused },
        { ...from("2001:db8::2"), expected: refused },
        { ...from("203.0.113.68:40001"), expected: invalid }
      ]
    })
  },
  {
    name: "what is no address is a client like another",
    scene: () => ({
      trustProxy: true,
      guards,
      steps: [
        { ...from("unknown"), expected: invalid },
        { ...from("unknown"), expected: refused },
        { ...from(`unknown${"x".repeat(4000)}`), expected: invalid },
        { ...from(`unknown${"x".repeat(4000)}`), expected: refused },
        { ...from(`unknown${"x".repeat(3999)}y`), expected: invalid }
      ]
    })
  },
  warns("callers without an address share one count, and a warning says so once", ["APIKEYS_NO_CLIENT_ADDRESS"], {
    socketPath: join(tmpdir(), `apikeys-${randomBytes(6).toString("hex")}.sock`),
    guards,
    steps: [
      { headers: [guess], expected: invalid },
      { headers: [guess], expected: refused },
      { headers: [guess], expected: refused }
    ]
  }),
  warns("X-Forwarded-For where no proxy is trusted is warned of once", ["APIKEYS_NO_TRUSTED_PROXY"], {
    guards,
    steps: [
      { headers: [guess], expected: invalid },
      { ...from("203.0.113.9"), expected: refused },
      { ...from("203.0.113.10"), expected: refused }
    ]
  }),
  warns("X-Forwarded-For is not warned of where a proxy is trusted", [], {
    trustProxy: true,
    guards,
    steps: [{ ...from("203.0.113.9"), expected: invalid }]
  }),
  warns("nor without failureLimit", [], { steps: [{ ...from("203.0.113.9"), expected: invalid }] })
]
