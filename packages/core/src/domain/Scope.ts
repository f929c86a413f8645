import { Schema } from "effect"
import { rule } from "./Rule.js"

/**
 * 1 to 128 characters of the `scope-token` of RFC 6749, section 3.3; segments are separated by `:`.
 *
 * @since 0.1.0
 */
export const Scope = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.filter((text) => text.length > 0, rule("is blank")),
  Schema.filter((text) => text.length <= 128, rule("is over 128 characters")),
  Schema.pattern(/^[\x21\x23-\x5B\x5D-\x7E]+$/, rule("holds a character that a scope may not have"))
)
export type Scope = typeof Scope.Type

/** At most 100 scopes; one that is named twice counts once. */
export const Scopes = Schema.Array(Scope)
  .annotations(rule("is not a list of scopes"))
  .pipe(
    Schema.transform(Schema.Array(Schema.String), {
      strict: true,
      decode: (scopes) => [...new Set(scopes)],
      encode: (scopes) => scopes
    }),
    Schema.maxItems(100, rule("has over 100 scopes"))
  )

/**
 * Whether one granted scope covers one required scope. A granted `docs:*` covers `docs:read` and
 * `docs:read:own`, not `docs`; a granted `*` covers everything. The required scope is literal.
 *
 * @since 0.1.0
 */
export const covers = (granted: Scope, required: Scope): boolean => {
  if (granted === required || granted === "*") return true
  if (!granted.endsWith(":*")) return false
  const parent = granted.length - 1
  return required.length > parent && required.startsWith(granted.slice(0, parent))
}

/**
 * The required scopes that no granted one covers, in the order given. No granted scopes cover nothing.
 *
 * @since 0.1.0
 */
export const missingScopes = (granted: ReadonlyArray<Scope>, required: ReadonlyArray<Scope>): ReadonlyArray<Scope> =>
  required.filter((scope) => !granted.some((held) => covers(held, scope)))

/** Whether a granted scope covers others than itself. */
export const isWildcard = (scope: Scope): boolean => scope === "*" || scope.endsWith(":*")
