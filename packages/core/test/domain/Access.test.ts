import { describe, expect, it } from "vitest"
import {
  type AccessTarget,
  failedConstraint,
  type Link,
  linksInQuestion,
  ownersInQuestion
} from "../../src/domain/Access.js"
import { OrganizationId, ProductId, ProjectId } from "../../src/domain/Ids.js"

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

const ours = OrganizationId.make(uuid(1))
const theirs = OrganizationId.make(uuid(2))
const unknownOrganization = OrganizationId.make(uuid(3))

const web = ProjectId.make(uuid(11))
const mobile = ProjectId.make(uuid(12))
const lone = ProjectId.make(uuid(13))
const theirProject = ProjectId.make(uuid(14))
const unknownProject = ProjectId.make(uuid(15))

const search = ProductId.make(uuid(21))
const maps = ProductId.make(uuid(22))
const idle = ProductId.make(uuid(23))
const theirProduct = ProductId.make(uuid(24))
const unknownProduct = ProductId.make(uuid(25))

const projects = new Map([web, mobile, lone].map((id) => [id, ours] as const)).set(theirProject, theirs)
const products = new Map([search, maps, idle].map((id) => [id, ours] as const)).set(theirProduct, theirs)
const linked = (link: Link): boolean =>
  [
    [web, search],
    [web, maps],
    [mobile, maps],
    [theirProject, theirProduct]
  ].some(([project, product]) => project === link.projectId && product === link.productId)

type Asked = Partial<AccessTarget>

/** The constraint that a key of ours fails in this world, as a verifier would find it out. */
const failed = (narrowing: { projectId?: ProjectId; productId?: ProductId }, asked: Asked) => {
  const key = { organizationId: ours, projectId: null, productId: null, ...narrowing }
  const target = { organizationId: null, projectId: null, productId: null, ...asked }
  const { productId, projectId } = ownersInQuestion(key, target)
  return failedConstraint(key, target, {
    projectOrganizationId: projectId === null ? null : (projects.get(projectId) ?? null),
    productOrganizationId: productId === null ? null : (products.get(productId) ?? null),
    linked: linksInQuestion(key, target).map(linked)
  })
}

const wide = {}
const ofWeb = { projectId: web }
const ofMaps = { productId: maps }
const ofBoth = { projectId: web, productId: search }

describe("a call that asks for nothing", () => {
  it("accepts keys of any kind", () => {
    for (const key of [wide, ofWeb, ofMaps, ofBoth]) expect(failed(key, {})).toBeNull()
  })
})

describe("a call that asks for an organization", () => {
  it("accepts the organization's keys, however narrow, and no other", () => {
    for (const key of [wide, ofWeb, ofMaps, ofBoth]) {
      expect(failed(key, { organizationId: ours })).toBeNull()
      expect(failed(key, { organizationId: theirs })).toBe("organization")
      expect(failed(key, { organizationId: unknownOrganization })).toBe("organization")
    }
  })

  it("names the organization first, whatever else fails", () => {
    expect(failed(ofWeb, { organizationId: theirs, projectId: mobile, productId: idle })).toBe("organization")
  })
})

describe("a call that asks for a project", () => {
  it.each([
    ["an organization-wide key", wide, { web: null, mobile: null, lone: null }],
    ["a key of the project web", ofWeb, { web: null, mobile: "project", lone: "project" }],
    ["a key of the product maps, linked to web and mobile", ofMaps, { web: null, mobile: null, lone: "project" }],
    ["a key of web and search", ofBoth, { web: null, mobile: "project", lone: "project" }],
    [
      "a key of the product idle, linked to none",
      { productId: idle },
      { web: "project", mobile: "project", lone: "project" }
    ]
  ])("%s passes as it should", (_, key, expected) => {
    expect({
      web: failed(key, { projectId: web }),
      mobile: failed(key, { projectId: mobile }),
      lone: failed(key, { projectId: lone })
    }).toEqual(expected)
  })

  it("refuses another organization's project, and one that does not exist", () => {
    for (const key of [wide, ofWeb, ofMaps, ofBoth]) {
      expect(failed(key, { projectId: theirProject })).toBe("project")
      expect(failed(key, { projectId: unknownProject })).toBe("project")
      expect(failed(key, { organizationId: ours, projectId: theirProject })).toBe("project")
    }
  })
})

describe("a call that asks for a product", () => {
  it.each([
    ["an organization-wide key", wide, { search: null, maps: null, idle: null }],
    ["a key of the product maps", ofMaps, { search: "product", maps: null, idle: "product" }],
    ["a key of the project web, linked to search and maps", ofWeb, { search: null, maps: null, idle: "product" }],
    [
      "a key of the project mobile, linked to maps",
      { projectId: mobile },
      { search: "product", maps: null, idle: "product" }
    ],
    ["a key of web and search", ofBoth, { search: null, maps: "product", idle: "product" }],
    [
      "a key of the project lone, linked to none",
      { projectId: lone },
      { search: "product", maps: "product", idle: "product" }
    ]
  ])("%s passes as it should", (_, key, expected) => {
    expect({
      search: failed(key, { productId: search }),
      maps: failed(key, { productId: maps }),
      idle: failed(key, { productId: idle })
    }).toEqual(expected)
  })

  it("refuses another organization's product, and one that does not exist", () => {
    for (const key of [wide, ofWeb, ofMaps, ofBoth]) {
      expect(failed(key, { productId: theirProduct })).toBe("product")
      expect(failed(key, { productId: unknownProduct })).toBe("product")
    }
  })
})

describe("a key of a project and a product that are linked no more", () => {
  const key = { projectId: mobile, productId: search }

  it("passes for each of them alone, and not for both", () => {
    expect(failed(key, { projectId: mobile })).toBeNull()
    expect(failed(key, { productId: search })).toBeNull()
    expect(failed(key, { projectId: mobile, productId: search })).toBe("product")
  })
})

describe("a call that asks for a project and a product", () => {
  const both = (projectId: ProjectId, productId: ProductId): Asked => ({ projectId, productId })

  it("demands that they are linked, of any key", () => {
    expect(failed(wide, both(web, maps))).toBeNull()
    expect(failed(wide, both(mobile, search))).toBe("product")
    expect(failed(wide, both(lone, idle))).toBe("product")
    expect(failed(ofWeb, both(web, search))).toBeNull()
    expect(failed(ofWeb, both(web, idle))).toBe("product")
    expect(failed(ofMaps, both(mobile, maps))).toBeNull()
    expect(failed(ofMaps, both(lone, maps))).toBe("project")
    expect(failed(ofBoth, both(web, search))).toBeNull()
    expect(failed({ projectId: mobile, productId: search }, both(mobile, search))).toBe("product")
  })

  it("demands each of them as if it were alone", () => {
    expect(failed(ofWeb, both(mobile, maps))).toBe("project")
    expect(failed(ofMaps, both(web, search))).toBe("product")
    expect(failed(ofBoth, both(web, maps))).toBe("product")
    expect(failed(ofBoth, both(mobile, search))).toBe("project")
  })

  it("refuses another organization's, though they are linked there", () => {
    expect(failed(wide, both(theirProject, theirProduct))).toBe("project")
    expect(failed(wide, both(web, theirProduct))).toBe("product")
    expect(failed(wide, both(theirProject, search))).toBe("project")
    expect(failed(wide, both(unknownProject, unknownProduct))).toBe("project")
  })
})

describe("the owners in question", () => {
  it("are those that the key does not tell by itself", () => {
    const key = { organizationId: ours, projectId: null, productId: null }
    const target = { organizationId: null, projectId: web, productId: maps }
    const none = { projectId: null, productId: null }
    expect(ownersInQuestion(key, target)).toEqual({ projectId: web, productId: maps })
    expect(ownersInQuestion({ ...key, projectId: web }, target)).toEqual({ ...none, productId: maps })
    expect(ownersInQuestion({ ...key, productId: search }, target)).toEqual({ ...none, projectId: web })
    expect(ownersInQuestion({ ...key, projectId: web, productId: maps }, target)).toEqual(none)
  })
})

describe("the links in question", () => {
  const target = { organizationId: null, projectId: web, productId: maps }

  it("are those alone on which the answer depends: none where a key is asked for what it carries", () => {
    const key = { organizationId: ours, projectId: null, productId: null }
    expect(linksInQuestion(key, { ...target, productId: null })).toEqual([])
    expect(linksInQuestion({ ...key, projectId: web }, { ...target, productId: null })).toEqual([])
    expect(linksInQuestion({ ...key, productId: maps }, { ...target, projectId: null })).toEqual([])
    expect(linksInQuestion({ ...key, productId: search }, { ...target, productId: null })).toEqual([
      { projectId: web, productId: search }
    ])
    expect(linksInQuestion({ ...key, projectId: mobile }, { ...target, projectId: null })).toEqual([
      { projectId: mobile, productId: maps }
    ])
    expect(linksInQuestion(key, target)).toEqual([{ projectId: web, productId: maps }])
  })

  it("that were not answered count as absent", () => {
    const key = { organizationId: ours, projectId: null, productId: null }
    const membership = { projectOrganizationId: ours, productOrganizationId: ours, linked: [] }
    expect(failedConstraint(key, target, membership)).toBe("product")
  })
})
