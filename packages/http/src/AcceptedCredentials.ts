/**
 * Where keys are taken from. They never come from the query string, which is logged by whatever is on the way.
 *
 * @since 0.1.0
 */
export interface CredentialOptions {
  /** `Authorization: Bearer <key>` of RFC 6750. Default `true`. */
  readonly bearer?: boolean | undefined
  /** Names of fields that carry the key alone, at most 8. Default `["X-API-Key"]`. */
  readonly headers?: ReadonlyArray<string> | undefined
}

/** The fields that are read, as they are written in options; with `bearer`, the first is `Authorization`. */
export interface AcceptedCredentials {
  readonly bearer: boolean
  readonly fields: ReadonlyArray<string>
  /** Which of the fields has this name, in any case; -1 for none. */
  readonly indexOf: (name: string) => number
}

/** The fields of checked options. */
export const acceptedCredentials = (options: CredentialOptions = {}): AcceptedCredentials => {
  const bearer = options.bearer ?? true
  const headers = options.headers ?? ["X-API-Key"]
  const fields = bearer ? ["Authorization", ...headers] : headers
  const names = fields.map((field) => field.toLowerCase())
  return {
    bearer,
    fields,
    indexOf: (name) => {
      for (let i = 0; i < names.length; i++) {
        const known = names[i] as string
        // Lengths first: most fields of a request are told apart by them.
        if (name.length === known.length && (name === known || name.toLowerCase() === known)) return i
      }
      return -1
    }
  }
}
