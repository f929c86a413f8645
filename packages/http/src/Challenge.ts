/**
 * What a challenge says besides its scheme and realm.
 *
 * @since 0.1.0
 */
export interface ChallengeParameters {
  /** A code of RFC 6750, section 3.1. */
  readonly error: "invalid_request" | "invalid_token" | "insufficient_scope"
  readonly description?: string
  /** Every scope that the request needs. */
  readonly scopes?: ReadonlyArray<string>
}

/** RFC 9110, section 5.6.4. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`

/** What RFC 6750, section 3, does not let into `error_description` and `scope`, neither of which can be escaped. */
const notAllowed = /[^\x20-\x21\x23-\x5B\x5D-\x7E]/g

/**
 * The value of `WWW-Authenticate`, RFC 9110, section 11.6.1, with the parameters of RFC 6750, section 3. Without
 * parameters where nothing was presented: such a request is told no error code.
 *
 * @param realm of printable ASCII; it is escaped
 * @since 0.1.0
 */
export const challenge = (scheme: string, realm: string, parameters?: ChallengeParameters): string => {
  const parts = [`realm=${quoted(realm)}`]
  if (parameters !== undefined) {
    const { description, error, scopes } = parameters
    parts.push(`error="${error}"`)
    if (description !== undefined) parts.push(`error_description="${description.replace(notAllowed, "'")}"`)
    if (scopes !== undefined) parts.push(`scope="${scopes.join(" ").replace(notAllowed, "'")}"`)
  }
  return `${scheme} ${parts.join(", ")}`
}
