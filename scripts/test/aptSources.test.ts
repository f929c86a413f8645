import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { aptSources, debianSource, withSuite } from "../services/aptSources.mjs"

/** What apt's files of these contents make of a machine. */
const sourcesOf = (files: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(join(tmpdir(), "apt "))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return aptSources(folder)
}

const others = `deb [signed-by=/usr/share/keyrings/vendor.gpg] https://packages.example.org/apt tool-bookworm main
deb https://packages.example.org/linux/debian bookworm stable
`

it("finds Debian's mirror in lines", () => {
  const sources = sourcesOf({
    "sources.list": `# deb http://old.example.org/debian bookworm main
deb-src http://source.example.org/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example.org/debian/ bookworm main contrib # ours
`,
    "sources.list.d/a.list": others,
    "sources.list.d/a.list.save": "deb http://saved.example.org/debian bookworm main\n"
  })
  const source = debianSource(sources, "bookworm")
  expect(source).toEqual({
    uris: ["http://mirror.example.org/debian/"],
    suites: ["bookworm"],
    components: ["main", "contrib"],
    signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg"
  })
})

it("finds Debian's mirror in paragraphs", () => {
  const sources = sourcesOf({
    "sources.list.d/0.list": others,
    "sources.list.d/debian.sources": `Types: deb
# http://commented.example.org/debian
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://disabled.example.org/debian
Suites: bookworm
Components: main
`
  })
  expect(debianSource(sources, "bookworm")?.uris).toEqual(["http://mirror.example.org/debian"])
})

it("keeps a key that stands in the file, and asks for another suite", () => {
  const key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY\n -----END PGP PUBLIC KEY BLOCK-----"
  const [source] = sourcesOf({
    "sources.list.d/debian.sources": `Types: deb deb-src
URIs: http://mirror.example.org/debian
Suites: trixie
Components: main
Signed-By:${key}
`
  })
  expect(withSuite(source!, "unstable")).toBe(
    `Types: deb\nURIs: http://mirror.example.org/debian\nSuites: unstable\nComponents: main\nSigned-By: ${key.trim()}\n`
  )
})

it("takes none where the machine is no Debian", () => {
  expect(debianSource(sourcesOf({ "sources.list": others }), "bookworm")).toBeUndefined()
  expect(debianSource(sourcesOf({}), undefined)).toBeUndefined()
})
