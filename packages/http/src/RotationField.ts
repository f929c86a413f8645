import type { VerifiedKeyData } from "@apikeys/core"
import type { HeaderFields } from "./HeaderFields.js"
import { serializeDictionary } from "./StructuredField.js"

/**
 * Tells a caller that its key was rotated: `API-Key-Rotation: superseded=@1767225600, until=@1767312000`, a dictionary of
 * dates (RFC 9651). It has until the second of them to take up the new key. Nothing where the current one was presented.
 *
 * A field of its own, since `Deprecation` and `Sunset` speak of the resource and not of the key.
 *
 * @since 0.1.0
 */
export const rotationFields = ({
  supersededAt,
  supersededUntil
}: Pick<VerifiedKeyData<unknown>, "supersededAt" | "supersededUntil">): HeaderFields =>
  supersededAt === null || supersededUntil === null
    ? []
    : [
        [
          "API-Key-Rotation",
          serializeDictionary([
            ["superseded", supersededAt],
            ["until", supersededUntil]
          ])
        ]
      ]
