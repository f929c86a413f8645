/**
 * Whether a request is a CORS preflight of the Fetch standard, which browsers send without any credential.
 *
 * @since 0.1.0
 */
export const isPreflight = (method: string | undefined, headers: Readonly<Record<string, unknown>>): boolean =>
  method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined
