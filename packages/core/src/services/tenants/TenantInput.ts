/** How a listing is read: `limit` 1 to 1000 (default 50), from `cursor` on. */
export interface PageInput {
  readonly limit?: number | undefined
  readonly cursor?: string | null | undefined
}

/** A project or product by its name, or to be created under it. */
export interface NamedInOrganization {
  readonly organizationId: string
  readonly name: string
}

/** A product and the project that it is, or is to be, linked to. */
export interface LinkInput {
  readonly productId: string
  readonly projectId: string
}

/**
 * An organization that was kept elsewhere.
 *
 * @since 0.1.0
 */
export interface ImportOrganizationInput<Time = Date> {
  /** Any UUID. */
  readonly id: string
  readonly name: string
  /** Default: now. */
  readonly createdAt?: Time | undefined
}

/**
 * A project or product that was kept elsewhere.
 *
 * @since 0.1.0
 */
export interface ImportInOrganizationInput<Time = Date> extends ImportOrganizationInput<Time> {
  readonly organizationId: string
}
