import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))

const run = () => promisify(execFile)(process.execPath, [main], { env: { ...process.env, NO_COLOR: "1" } })

it("runs every operation to the end, and keeps keys out of what it prints", async () => {
  const { stderr, stdout } = await run()
  expect(stderr).toBe("")
  for (const line of [
    /organization +Acme Inc \(created\)/,
    /on the next deploy +found, and nothing was written/,
    /the same request, retried +one key, no second plaintext/,
    /uses, this one included +1\n/,
    /admitted at once +2 more/,
    /after support reset it +3 of 3/,
    /the newest three +Batch 5, Batch 4, Batch 3/,
    /the new one belongs to +the same key/,
    /enabled again, it is +active/,
    /deleted, of those that ended +1/,
    /keys revoked together +6/,
    /closed; uses lost +0/
  ]) {
    expect(stdout).toMatch(line)
  }
  for (const error of [
    "AlreadyExistsError",
    "KeyNotAllowedError",
    "InsufficientScopeError",
    "InvalidKeyError",
    "ExpiredKeyError",
    "RevokedKeyError",
    "DisabledKeyError",
    "InUseError",
    "NotFoundError",
    "InvalidInputError",
    "StoreError"
  ]) {
    expect(stdout).toContain(`${error}: `)
  }
  expect(stdout).not.toMatch(/myapp_live_[0-9A-Za-z]{5}/)
})
