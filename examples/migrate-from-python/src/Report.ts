import type { Terminal } from "./Terminal.js"

/** What was found, in the order in which the report counts it; the words are those of the report. */
const findings = {
  refused: "refused: what the lines about them say is not carried over",
  renamed: "given another name, since theirs was taken or blank",
  of01: "keys of 0.1: their limits are per minute, their digests SHA-256 until the keys are used",
  unsure: "keys without a limit in a database that has keys of 0.1: taken as of 0.2, see --upgraded-at",
  zone: "keys whose expiry has no zone in it: read as UTC",
  numbers: "keys with texts in the place of numbers above 2^53",
  scopes: "keys without scopes that are none here",
  unlimited: "keys without their limit, which admitted nothing: unlimited now",
  unread: "keys with further members in their metadata, which are left behind",
  linked: "links that keys imply, and that were added",
  unlinked: "keys that are refused where there is no link, at which the old library did not look: see --links",
  head: "keys with a beginning that was not named: see --prefix and --environment"
} as const

export type Finding = keyof typeof findings

export type Entity = "organization" | "project" | "product" | "link" | "key"

export interface Tally {
  imported: number
  existing: number
  refused: number
}

const plural: Readonly<Record<Entity, string>> = {
  organization: "organizations",
  project: "projects",
  product: "products",
  link: "links",
  key: "keys"
}

const number = (value: number): string => value.toLocaleString("en")

/** Says what is found in single rows, line by line, and counts it: nothing is kept. */
export class Report {
  readonly #terminal: Terminal
  readonly tallies: Readonly<Record<Entity, Tally>> = {
    organization: { imported: 0, existing: 0, refused: 0 },
    project: { imported: 0, existing: 0, refused: 0 },
    product: { imported: 0, existing: 0, refused: 0 },
    link: { imported: 0, existing: 0, refused: 0 },
    key: { imported: 0, existing: 0, refused: 0 }
  }
  readonly #counts = new Map<Finding, number>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** One line about one row; without words it is counted alone. */
  say(finding: Finding, entity: Entity, id: string, words: string | null): void {
    this.#counts.set(finding, this.counted(finding) + 1)
    if (words !== null) this.#terminal.line(`${entity} ${id}: ${words}`)
  }

  /** A row that is not taken over, and why. */
  refuse(entity: Entity, id: string, words: string): void {
    this.tallies[entity].refused++
    this.say("refused", entity, id, `refused: ${words}`)
  }

  counted(finding: Finding): number {
    return this.#counts.get(finding) ?? 0
  }

  get refused(): number {
    return this.counted("refused")
  }

  /** All that was counted, in words. */
  summary(): ReadonlyArray<string> {
    const entities = Object.entries(this.tallies) as ReadonlyArray<[Entity, Tally]>
    const tallies = entities.map(
      ([entity, { existing, imported, refused }]) =>
        `${plural[entity]}: ${number(imported)} imported, ${number(existing)} there already, ${number(refused)} refused`
    )
    const counted = (Object.keys(findings) as ReadonlyArray<Finding>).flatMap((finding) => {
      const count = this.counted(finding)
      return count === 0 || (finding === "unsure" && this.counted("of01") === 0)
        ? []
        : [`${number(count)} ${findings[finding]}`]
    })
    const nothing = entities.every(([, { imported }]) => imported === 0)
    return [...tallies, ...counted, ...(nothing ? ["Nothing was changed."] : [])]
  }
}
