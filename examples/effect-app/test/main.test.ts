import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))

it("composes the services as layers, and answers each error in its way", async () => {
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [main])
  expect(stderr).toBe("")
  const lines = stdout.trimEnd().split("\n")
  expect(lines).toEqual([
    expect.stringMatching(/^Issued myapp_[0-9A-Za-z]{4}…; the plaintext prints as <redacted>$/),
    "Hello u_alice, this is call 1 on the pro plan",
    "Hello u_alice, this is call 2 on the pro plan",
    expect.stringMatching(/^429: come back in \d+ s$/),
    "401: who are you?",
    expect.stringMatching(/^403: The API key was revoked at /),
    "0 active keys are left"
  ])
})
