import { Schema } from "effect"
import { maxItems, rule } from "./Rule.js"

/**
 * 1 to 128 characters of the `scope-token` of RFC 6749, section 3.3; segments are separated by `:`.
 *
 * @since 0.1.0
 */
export const Scope = Schema.String.annotations(rule("is not a string")).pipe(
  Schema.filter((text) => text.length > 0, rule("is blank", { minLength: 1 })),
  Schema.filter((text) => text.length <= 128, rule("is over 128 characters", { maxLength: 128 })),
  Schema.pattern(/^[\x21\x23-\x5B\x5D-\x7E]+$/, rule("holds a character that a scope may not have"))
)
export type Scope = typeof Scope.Type

const maxScopes = 100

/** One that is named twice counts once, so more may be given; nobody gives ten times as many. */
const maxGiven = 10 * maxScopes

const tooMany = `has over ${maxScopes} scopes`

const listOf = (scope: typeof Scope) =>
  Schema.Array(scope)
    .annotations({ ...rule("is not a list of scopes", { maxItems: maxScopes }), ...maxItems(maxGiven, tooMany) })
    .pipe(
      Schema.transform(Schema.Array(Schema.String), {
        strict: true,
        decode: (scopes) => [...new Set(scopes)],
        encode: (scopes) => scopes
      }),
      Schema.maxItems(maxScopes, rule(tooMany))
    )

/** Scopes that are required, each to the letter: at most 100; one that is named twice counts once. */
export const Scopes = listOf(Scope)

/**
 * Whether a scope may be granted. A `*` that is neither the whole scope nor the last segment looks as if it granted much,
 * and would grant nothing.
 */
export const isGrantable = (scope: Scope): boolean => {
  const star = scope.indexOf("*")
  return star === -1 || (star === scope.length - 1 && isWildcard(scope))
}

/** Scopes that a key is given: as {@link Scopes}, and `*` stands alone or as the last segment. */
export const GrantedScopes = listOf(
  Scope.pipe(Schema.filter(isGrantable, rule("has a * that is neither all of it nor its last segment")))
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
  required.every((scope) => isCovered(granted, scope)) ? none : required.filter((scope) => !isCovered(granted, scope))

const none: ReadonlyArray<Scope> = Object.freeze([])

/** A loop, since this is asked on every verification. */
const isCovered = (granted: ReadonlyArray<Scope>, required: Scope): boolean => {
  for (const held of granted) if (covers(held, required)) return true
  return false
}

/** Whether a granted scope covers others than itself. */
export const isWildcard = (scope: Scope): boolean => scope === "*" || scope.endsWith(":*")
