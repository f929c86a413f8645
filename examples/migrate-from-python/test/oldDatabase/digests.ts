import { execFileSync } from "node:child_process"

/** What the old library kept of a plaintext, by a program that knows neither of the two libraries. */
const openssl = (args: ReadonlyArray<string>, plaintext: string): string => {
  const output = execFileSync("openssl", ["dgst", "-sha256", "-r", ...args], { input: plaintext, encoding: "utf8" })
  return output.slice(0, 64)
}

/** As 0.2 digests. */
export const hmacOf = (plaintext: string, signingSecret: string) => openssl(["-hmac", signingSecret], plaintext)

/** As 0.1 did. */
export const sha256Of = (plaintext: string) => openssl([], plaintext)
