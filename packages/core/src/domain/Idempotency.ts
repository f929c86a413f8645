import type { ApiKey } from "./ApiKey.js"

/** What a call asks a new key to be. */
type Asked = Pick<
  ApiKey,
  "organizationId" | "projectId" | "productId" | "name" | "scopes" | "rateLimits" | "expiresAt" | "metadata"
>

const inOrder = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.keys(value).length === 0)

/**
 * One text for one input, whatever the order in which its members are written. What is not asked for is left out, so that
 * a field which a later version adds changes no text of before.
 */
export const inputText = (asked: Asked): string => {
  const { expiresAt, metadata, name, organizationId, productId, projectId, rateLimits, scopes } = asked
  const fields = {
    organizationId,
    projectId,
    productId,
    name,
    scopes,
    rateLimits,
    expiresAt: expiresAt === null ? null : expiresAt.epochMillis,
    metadata
  }
  const given = Object.entries(fields).filter(([, value]) => !isEmpty(value))
  return `@apikeys/core/createKey\n${JSON.stringify(Object.fromEntries(given), inOrder)}`
}
