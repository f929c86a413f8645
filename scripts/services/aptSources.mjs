// Where this machine gets its Debian packages from, so that others come from there as well.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/**
 * @typedef {object} AptSource
 * @property {ReadonlyArray<string>} uris
 * @property {ReadonlyArray<string>} suites
 * @property {ReadonlyArray<string>} components
 * @property {string | undefined} signedBy as it stands there: paths, or a key of several lines
 */

/** Of the older format, `deb [options] uri suite component…`. */
const fromLines = (/** @type {string} */ text) =>
  [...text.matchAll(/^deb\s+(?:\[(?<options>[^\]]*)\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s+(?<components>[^#\n]+)/gm)].map(
    ({ groups: { options = "", uri = "", suite = "", components = "" } = {} }) => ({
      uris: [uri],
      suites: [suite],
      components: components.trim().split(/\s+/),
      signedBy: options.match(/signed-by=(\S+)/)?.[1]
    })
  )

/** Of the newer format, fields in paragraphs. */
const fromParagraphs = (/** @type {string} */ text) =>
  text
    .replaceAll(/^#.*\n/gm, "")
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const field = (/** @type {string} */ name) =>
        paragraph.match(new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, "im"))?.[1]?.trim()
      const words = (/** @type {string} */ name) => field(name)?.split(/\s+/) ?? []
      if (!words("Types").includes("deb") || field("Enabled") === "no") return []
      return [
        { uris: words("URIs"), suites: words("Suites"), components: words("Components"), signedBy: field("Signed-By") }
      ]
    })

/** Every source that a machine has, whose apt is configured in this folder. */
export const aptSources = (folder = "/etc/apt") => {
  const parts = join(folder, "sources.list.d")
  const files = existsSync(parts)
    ? readdirSync(parts)
        .sort()
        .map((name) => join(parts, name))
    : []
  return [join(folder, "sources.list"), ...files]
    .filter((file) => existsSync(file) && /\.(list|sources)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(file, "utf8")
      return file.endsWith(".list") ? fromLines(text) : fromParagraphs(text)
    })
}

const suitesOfDebian = ["stable", "oldstable", "testing", "unstable", "sid"]

/**
 * The source of Debian itself: others name Debian's releases as well, but not with its component and its key.
 *
 * @param {ReadonlyArray<AptSource>} sources
 * @param {string | undefined} codename of the machine's release
 */
export const debianSource = (sources, codename) => {
  const candidates = sources.filter(
    ({ components, suites }) =>
      components.includes("main") && suites.some((suite) => suite === codename || suitesOfDebian.includes(suite))
  )
  const hasDebiansKey = (/** @type {AptSource} */ source) =>
    Number(source.signedBy?.includes("debian-archive") ?? false)
  return candidates.sort((a, b) => hasDebiansKey(b) - hasDebiansKey(a))[0]
}

/**
 * The same source with another suite, in apt's newer format.
 *
 * @param {AptSource} source
 * @param {string} suite
 */
export const withSuite = ({ signedBy, uris }, suite) =>
  [
    "Types: deb",
    `URIs: ${uris.join(" ")}`,
    `Suites: ${suite}`,
    "Components: main",
    ...(signedBy === undefined ? [] : [`Signed-By: ${signedBy}`]),
    ""
  ].join("\n")
