import { Effect } from "effect"

/** A socket file, or a name or an address of this machine. */
const isLocal = (host: string): boolean =>
  host.startsWith("/") || /^((.+\.)?localhost\.?|(::ffff:)?127(\.\d+){3}|\[?::1\]?)$/i.test(host)

/**
 * Warns once of connections that are not encrypted and leave this machine: whoever is on the way reads what goes over
 * them, and may answer in the server's place.
 *
 * @since 0.1.0
 */
export const warnIfPlain = ({
  host,
  isEncrypted
}: {
  readonly host: string
  readonly isEncrypted: boolean
}): Effect.Effect<void> =>
  isEncrypted || isLocal(host)
    ? Effect.void
    : Effect.logWarning(
        `Connections to the database at ${host} are not encrypted: set ssl, unless the network between is yours alone`
      )
