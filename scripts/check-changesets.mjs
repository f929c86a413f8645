// Checks the configuration of changesets and every pending one. `changeset status` does, but wants the base branch to
// compare with, which a shallow clone lacks: so it is asked in a throwaway repository that holds the manifests alone.
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./pnpm.mjs"
import { workspaces } from "./workspace.mjs"

const copy = mkdtempSync(join(tmpdir(), "changesets-"))
process.once("exit", () => rmSync(copy, { recursive: true }))

/**
 * @param {string} command
 * @param {ReadonlyArray<string>} args
 */
const run = (command, args) => {
  // What git hands to a hook would lead back to the repository that the hook belongs to.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")))
  const { status, error } = spawnSync(command, args, { cwd: copy, env, stdio: ["ignore", "inherit", "inherit"] })
  if (error) console.error(error.message)
  if (status !== 0) process.exit(1)
}

for (const path of [
  "pnpm-workspace.yaml",
  ".changeset",
  ...workspaces().map((folder) => join(folder, "package.json"))
]) {
  cpSync(join(root, path), join(copy, path), { recursive: true })
}
const settings = ["user.name=changesets", "user.email=changesets@localhost", "commit.gpgsign=false", "core.hooksPath="]
run("git", ["init", "--quiet", "--initial-branch=main"])
run("git", ["add", "--all"])
run("git", [...settings.flatMap((setting) => ["-c", setting]), "commit", "--quiet", "--message=manifests"])
run(process.execPath, [join(root, "scripts/changeset.mjs"), "status", "--verbose"])
