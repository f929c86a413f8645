import {
  type AccessTarget,
  type Link,
  linksInQuestion,
  type Membership,
  ownersInQuestion
} from "../../domain/Access.js"
import type { OrganizationId, ProductId, ProjectId } from "../../domain/Ids.js"

/** Beyond so many facts of a kind, all of them are learnt anew. */
const maxFacts = 10_000

/** That something is not there, or not linked, is remembered for so long at most. */
const negativeTtl = 500

interface Fact<A> {
  readonly value: A
  readonly expiresAt: number
}

/** Facts of one kind. */
class Facts<Name extends string, A> {
  readonly #facts = new Map<Name, Fact<A>>()

  get(name: Name, now: number): A | undefined {
    const fact = this.#facts.get(name)
    return fact === undefined || fact.expiresAt <= now ? undefined : fact.value
  }

  set(name: Name, value: A, expiresAt: number): void {
    if (this.#facts.size >= maxFacts) this.#facts.clear()
    this.#facts.set(name, { value, expiresAt })
  }

  clear(): void {
    this.#facts.clear()
  }
}

/** What a question needs to be answered: the projects and products whose owner, and the links of which one has to know. */
export type Key = Parameters<typeof linksInQuestion>[0]

const linkName = ({ productId, projectId }: Link): string => `${projectId}${productId}`

/**
 * To whom projects and products belong, and which are linked: facts of their own, whichever key asks. Nothing that
 * was read before a change is remembered after it.
 */
export class TenantFacts {
  readonly #ttl: number
  readonly #projects = new Facts<ProjectId, OrganizationId | null>()
  readonly #products = new Facts<ProductId, OrganizationId | null>()
  readonly #links = new Facts<string, boolean>()
  #generation = 0

  constructor(ttl: number) {
    this.#ttl = ttl
  }

  /** To be taken before the store is asked. */
  get generation(): number {
    return this.#generation
  }

  /** What a question needs, where all of it is known. */
  membership(key: Key, target: AccessTarget, now: number): Membership | null {
    const { productId, projectId } = ownersInQuestion(key, target)
    const projectOrganizationId = projectId === null ? null : this.#projects.get(projectId, now)
    const productOrganizationId = productId === null ? null : this.#products.get(productId, now)
    if (projectOrganizationId === undefined || productOrganizationId === undefined) return null
    const linked: Array<boolean> = []
    for (const link of linksInQuestion(key, target)) {
      const known = this.#links.get(linkName(link), now)
      if (known === undefined) return null
      linked.push(known)
    }
    return { projectOrganizationId, productOrganizationId, linked }
  }

  /** Remembers what was read, unless tenants have changed since the generation was taken. */
  learn(generation: number, key: Key, target: AccessTarget, membership: Membership, now: number): void {
    if (generation !== this.#generation) return
    const until = (isThere: boolean) => now + (isThere ? this.#ttl : Math.min(this.#ttl, negativeTtl))
    const { productOrganizationId, projectOrganizationId } = membership
    const { productId, projectId } = ownersInQuestion(key, target)
    if (projectId !== null) {
      this.#projects.set(projectId, projectOrganizationId, until(projectOrganizationId !== null))
    }
    if (productId !== null) {
      this.#products.set(productId, productOrganizationId, until(productOrganizationId !== null))
    }
    linksInQuestion(key, target).forEach((link, i) => {
      const linked = membership.linked[i] === true
      this.#links.set(linkName(link), linked, until(linked))
    })
  }

  /** Tenants have changed. */
  clear(): void {
    this.#generation++
    this.#projects.clear()
    this.#products.clear()
    this.#links.clear()
  }
}
