import type { KeyImport, KeyImportOutcome } from "../ports/KeyImport.js"
import { areLinked, findAbsentOwner, writeKey } from "./NewKey.js"
import { digestKey, type State } from "./State.js"

/** Inserts one key of an import, unless something stands against it. */
export const importKey = (state: State, { digest, key }: KeyImport): KeyImportOutcome => {
  const held = state.digests.get(digestKey(digest.bytes))
  if (held !== undefined) {
    return state.keys.get(held.keyId)?.organizationId === key.organizationId
      ? { _tag: "Existing", keyId: held.keyId }
      : { _tag: "Taken", field: "digest" }
  }
  const holder = state.keys.get(key.id)
  if (holder !== undefined) {
    if (holder.organizationId !== key.organizationId) return { _tag: "Taken", field: "id" }
    const own = [...state.digests.values()].filter(({ keyId }) => keyId === key.id)
    return { _tag: "OtherDigest", renewed: own.every(({ secretId }) => secretId !== digest.secretId) }
  }
  const absent = findAbsentOwner(state, key)
  if (absent !== null && absent.entity !== "key") return { _tag: "Absent", entity: absent.entity }
  if (!areLinked(state, key)) return { _tag: "NotLinked" }
  writeKey(state, { key, digest, idempotencyKey: null, idempotencyDigest: null })
  return { _tag: "Inserted" }
}
