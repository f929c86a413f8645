/**
 * What a guard reads of a request: Node's `IncomingMessage` has it.
 *
 * @since 0.1.0
 */
export interface RequestMessage {
  readonly method?: string | undefined
  url?: string | undefined
  readonly headers: Record<string, string | Array<string> | undefined>
  readonly headersDistinct?: Record<string, Array<string> | undefined>
  /** As they came. A host without sockets, or a mock, may fill `headers` alone. */
  readonly rawHeaders?: Array<string>
}

/**
 * A request of Express, of Fastify, or of Node.
 *
 * @since 0.1.0
 */
export type AnyRequest = RequestMessage | { readonly raw: RequestMessage }

/** Node's message behind a request. */
export const messageOf = (request: AnyRequest): RequestMessage => ("raw" in request ? request.raw : request)
