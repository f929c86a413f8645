import type { CredentialReader } from "./CredentialReader.js"

/**
 * Where keys are taken from. Never from the query string, which is logged by all that is on the way, unless `read` says so.
 *
 * @since 0.1.0
 */
export interface CredentialOptions<Request = never> {
  /** `Authorization: Bearer <key>` of RFC 6750. Default `true`. */
  readonly bearer?: boolean | undefined
  /** Names of fields that carry the key alone, at most 8. Default `["X-API-Key"]`. */
  readonly headers?: ReadonlyArray<string> | undefined
  /**
   * Reads the key from elsewhere, beside the fields: a cookie, the query, a subprotocol, another scheme. `basicUser`,
   * `scheme` and `query` are ready-made.
   */
  readonly read?: CredentialReader<Request> | undefined
}

/** The fields that are read, as they are written in options; with `bearer`, the first is `Authorization`. */
export interface AcceptedCredentials {
  readonly bearer: boolean
  readonly fields: ReadonlyArray<string>
  /** The same in lower case, as Node has them in `headers`. */
  readonly names: ReadonlyArray<string>
  /** Which of the fields has this name, in any case; -1 for none. */
  readonly indexOf: (name: string) => number
}

/** The fields of checked options. */
export const acceptedCredentials = (
  options: Pick<CredentialOptions, "bearer" | "headers"> = {}
): AcceptedCredentials => {
  const bearer = options.bearer ?? true
  const headers = options.headers ?? ["X-API-Key"]
  const fields = [...(bearer ? ["Authorization"] : []), ...headers]
  const names = fields.map((field) => field.toLowerCase())
  return {
    bearer,
    fields,
    names,
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
