import type { MigrationOptions } from "./options.js"
import { oldKeyPrefixes } from "./source/oldRows.js"
import type { Source } from "./source/Source.js"

/** What keys begin with: `<prefix>_` or `<prefix>_<environment>_`. */
export interface Head {
  readonly prefix: string
  readonly environment: string | null
}

/** What is known of the beginnings of the old keys. */
export interface Heads {
  /** The heads of the keys in the database, as far as it shows them. */
  readonly held: ReadonlyArray<Head>
  /** Whether the database shows them: it has the first characters of each key, or else of each secret alone. */
  readonly areShown: boolean
  /** Whether a key, of which these are the first characters, has one of these heads, or may have one. */
  readonly isHeld: (keyPrefix: string) => boolean
  /** What people tell the key apart by: its head, and up to four characters of the secret. */
  readonly hintOf: (keyPrefix: string) => string
}

/** How many characters the old library kept of each key. */
const kept = 8
const hintLength = 4

/** What may be an environment behind a prefix: whole, or up to where the database cuts it off. */
const environmentForm = /^([a-z][a-z0-9]{0,15})(_|$)/

const textOf = ({ environment, prefix }: Head): string =>
  environment === null ? `${prefix}_` : `${prefix}_${environment}_`

const increment = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/**
 * Whether a text stands behind the prefix of more keys than by accident: secrets are random, of 64 characters,
 * and some begin like an environment. Among few keys one is enough: of 300, one has a whole environment by accident.
 */
const isDeliberate = (count: number, all: number, text: string): boolean => {
  const isWholeAmongFew = /^[^_]{3,}_$/.test(text) && all <= 100
  return count > (isWholeAmongFew ? 0 : 2) + (8 * all) / 64 ** text.length
}

type Named = Pick<MigrationOptions, "prefixes" | "environments">

/** The heads of which these are the first characters of keys, beside those that were named. */
export const headsOf = ({ environments, prefixes }: Named, keyPrefixes: Iterable<string>): Heads => {
  const counts = new HeadCounts(prefixes)
  for (const keyPrefix of keyPrefixes) counts.add(keyPrefix)
  return counts.heads(environments)
}

/** Reads what the database has of the beginnings of keys. */
export const findHeads = async (source: Source, { environments, prefixes }: Named): Promise<Heads> => {
  const counts = new HeadCounts(prefixes)
  for await (const keyPrefix of oldKeyPrefixes(source)) counts.add(keyPrefix)
  return counts.heads(environments)
}

class HeadCounts {
  /** The longest first: a prefix may begin like another one. */
  readonly #prefixes: ReadonlyArray<string>
  readonly #ofPrefix = new Map<string, number>()
  /** Of what may be an environment, by all that stands up to its end. */
  readonly #ofEnvironment = new Map<string, number>()
  #all = 0

  constructor(prefixes: ReadonlyArray<string>) {
    this.#prefixes = [...prefixes].sort((one, other) => other.length - one.length)
  }

  add(keyPrefix: string): void {
    this.#all++
    const prefix = this.#prefixOf(keyPrefix)
    if (prefix === undefined) return
    increment(this.#ofPrefix, prefix)
    const [beginning] = environmentForm.exec(keyPrefix.slice(prefix.length + 1)) ?? []
    if (beginning !== undefined) increment(this.#ofEnvironment, `${prefix}_${beginning}`)
  }

  heads(environments: ReadonlyArray<string | null>): Heads {
    const inAll = [...this.#ofPrefix.values()].reduce((sum, count) => sum + count, 0)
    const named = this.#prefixes.flatMap((prefix) => environments.map((environment) => ({ prefix, environment })))
    // By accident a few secrets begin with the prefix.
    if (inAll * 50 <= this.#all) return shownNowhere(named)
    const found = [...this.#ofEnvironment].flatMap(([text, count]): ReadonlyArray<string> => {
      const behind = text.slice((this.#prefixOf(text)?.length ?? 0) + 1)
      return isDeliberate(count, this.#all, behind) ? [text] : []
    })
    return this.#shown(named, found)
  }

  #shown(named: ReadonlyArray<Head>, found: ReadonlyArray<string>): Heads {
    const whole = found.flatMap((text): ReadonlyArray<Head> => {
      const prefix = this.#prefixOf(text)
      return prefix === undefined || !text.endsWith("_")
        ? []
        : [{ prefix, environment: text.slice(prefix.length + 1, -1) }]
    })
    const ofEnvironments = [...named.filter(({ environment }) => environment !== null), ...whole]
    // Keys of an environment that is cut off, and that was not named: what it is called is not to be known.
    const cutOff = found.filter(
      (text) => !text.endsWith("_") && !ofEnvironments.some((head) => textOf(head).startsWith(text))
    )
    const candidatesOf = (keyPrefix: string): ReadonlyArray<Head> => {
      const prefix = this.#prefixOf(keyPrefix)
      if (prefix === undefined || cutOff.includes(keyPrefix)) return []
      const matching = ofEnvironments.filter((head) => {
        const text = textOf(head)
        return head.prefix === prefix && (keyPrefix.startsWith(text) || text.startsWith(keyPrefix))
      })
      return matching.length > 0 ? matching : [{ prefix, environment: null }]
    }
    return {
      held: distinct(this.#held(named, ofEnvironments, cutOff)),
      areShown: true,
      isHeld: (keyPrefix) => candidatesOf(keyPrefix).length > 0,
      hintOf: (keyPrefix) => {
        const [head, another] = candidatesOf(keyPrefix)
        if (head === undefined || another !== undefined) return `${keyPrefix}…`
        const text = textOf(head)
        return text.startsWith(keyPrefix) ? `${text}…` : `${keyPrefix.slice(0, text.length + hintLength)}…`
      }
    }
  }

  /** The heads that keys are counted of. */
  #held(named: ReadonlyArray<Head>, ofEnvironments: ReadonlyArray<Head>, cutOff: ReadonlyArray<string>) {
    const countOf = (text: string) => this.#ofEnvironment.get(text) ?? 0
    const sum = (counts: ReadonlyArray<number>) => counts.reduce((total, count) => total + count, 0)
    return this.#prefixes.flatMap((prefix): ReadonlyArray<Head> => {
      const all = this.#ofPrefix.get(prefix) ?? 0
      if (all === 0) return []
      // The prefix alone takes all that is kept.
      if (prefix.length + 1 >= kept) return named.filter((head) => head.prefix === prefix)
      const held = distinct(ofEnvironments.filter((head) => head.prefix === prefix))
      const counted = held.filter((head) => countOf(textOf(head).slice(0, kept)) > 0)
      const texts = new Set([...counted.map((head) => textOf(head).slice(0, kept)), ...cutOff])
      const ofThese = sum([...texts].filter((text) => this.#prefixOf(text) === prefix).map(countOf))
      return all > ofThese ? [...counted, { prefix, environment: null }] : counted
    })
  }

  #prefixOf(keyPrefix: string): string | undefined {
    return this.#prefixes.find((prefix) => keyPrefix.startsWith(`${prefix}_`.slice(0, kept)))
  }
}

const distinct = (heads: ReadonlyArray<Head>): ReadonlyArray<Head> => [
  ...new Map(heads.map((head) => [textOf(head), head])).values()
]

/** Where the database has but the beginnings of secrets, keys may have any of the heads that were named. */
const shownNowhere = (named: ReadonlyArray<Head>): Heads => ({
  held: named,
  areShown: false,
  isHeld: () => true,
  hintOf: (keyPrefix) => {
    const [head, another] = named
    const beginning = head === undefined || another !== undefined ? "…" : textOf(head)
    return `${beginning}${keyPrefix.slice(0, hintLength)}…`
  }
})
