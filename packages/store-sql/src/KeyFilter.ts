import type { KeyFilter, KeyOwner } from "@apikeys/core"
import type { Fragment } from "@effect/sql/Statement"
import type { Dialect } from "./Dialect.js"

/** The conditions of keys `k` of an owner. */
export const ownedBy = (
  { id, sql }: Dialect,
  { organizationId, productId, projectId }: KeyOwner
): ReadonlyArray<Fragment> => [
  ...(organizationId === null ? [] : [sql`k.organization_id = ${id(organizationId)}`]),
  ...(projectId === null ? [] : [sql`k.project_id = ${id(projectId)}`]),
  ...(productId === null ? [] : [sql`k.product_id = ${id(productId)}`])
]

/**
 * The conditions of keys `k` that match a filter.
 *
 * @param fenced whether they are read with the fences `f` that stand before them
 */
export const matching = (dialect: Dialect, filter: KeyFilter, fenced: boolean): ReadonlyArray<Fragment> => [
  ...ownedBy(dialect, filter),
  ...withStatus(dialect, filter, fenced),
  ...unusedSince(dialect, filter),
  ...expiringBefore(dialect, filter)
]

const withStatus = (
  { instant, sql }: Dialect,
  { now, status }: KeyFilter,
  fenced: boolean
): ReadonlyArray<Fragment> => {
  const at = instant(now.epochMillis)
  const unexpired = sql`(k.expires_at is null or k.expires_at > ${at})`
  const unrevoked = [sql`k.revoked_at is null`, ...(fenced ? [sql`f.number is null`] : [])]
  switch (status) {
    case null:
      return []
    case "revoked":
      return [fenced ? sql`(k.revoked_at is not null or f.number is not null)` : sql`k.revoked_at is not null`]
    case "expired":
      return [...unrevoked, sql`k.expires_at <= ${at}`]
    case "disabled":
      return [...unrevoked, unexpired, sql`k.disabled_at is not null`]
    case "active":
      return [...unrevoked, unexpired, sql`k.disabled_at is null`]
  }
}

const unusedSince = ({ instant, sql }: Dialect, { lastUsedBefore }: KeyFilter): ReadonlyArray<Fragment> =>
  lastUsedBefore === null
    ? []
    : [sql`(k.last_used_at is null or k.last_used_at < ${instant(lastUsedBefore.epochMillis)})`]

const expiringBefore = ({ instant, sql }: Dialect, { expiresBefore }: KeyFilter): ReadonlyArray<Fragment> =>
  expiresBefore === null ? [] : [sql`k.expires_at < ${instant(expiresBefore.epochMillis)}`]
