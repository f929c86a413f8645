import type { KeyFilter, KeyOwner } from "@apikeys/core"
import type { Fragment } from "@effect/sql/Statement"
import type { Dialect } from "./Dialect.js"

/** The conditions of keys of an owner. */
export const ownedBy = (
  { id, sql }: Dialect,
  { organizationId, productId, projectId }: KeyOwner
): ReadonlyArray<Fragment> => [
  ...(organizationId === null ? [] : [sql`organization_id = ${id(organizationId)}`]),
  ...(projectId === null ? [] : [sql`project_id = ${id(projectId)}`]),
  ...(productId === null ? [] : [sql`product_id = ${id(productId)}`])
]

/** The conditions of keys that match a filter. */
export const matching = (dialect: Dialect, filter: KeyFilter): ReadonlyArray<Fragment> => [
  ...ownedBy(dialect, filter),
  ...withStatus(dialect, filter),
  ...unusedSince(dialect, filter),
  ...expiringBefore(dialect, filter)
]

const withStatus = ({ instant, sql }: Dialect, { now, status }: KeyFilter): ReadonlyArray<Fragment> => {
  const at = instant(now.epochMillis)
  const unexpired = sql`(expires_at is null or expires_at > ${at})`
  switch (status) {
    case null:
      return []
    case "revoked":
      return [sql`revoked_at is not null`]
    case "expired":
      return [sql`revoked_at is null`, sql`expires_at <= ${at}`]
    case "disabled":
      return [sql`revoked_at is null`, unexpired, sql`disabled_at is not null`]
    case "active":
      return [sql`revoked_at is null`, unexpired, sql`disabled_at is null`]
  }
}

const unusedSince = ({ instant, sql }: Dialect, { lastUsedBefore }: KeyFilter): ReadonlyArray<Fragment> =>
  lastUsedBefore === null ? [] : [sql`(last_used_at is null or last_used_at < ${instant(lastUsedBefore.epochMillis)})`]

const expiringBefore = ({ instant, sql }: Dialect, { expiresBefore }: KeyFilter): ReadonlyArray<Fragment> =>
  expiresBefore === null ? [] : [sql`expires_at < ${instant(expiresBefore.epochMillis)}`]
