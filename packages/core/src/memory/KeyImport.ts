import type { KeyImport, KeyImportOutcome } from "../ports/KeyImport.js"
import type { KeyRow } from "./KeyRow.js"
import { areLinked, findAbsentOwner, writeKey } from "./NewKey.js"
import { digestKey, type State } from "./State.js"

/** Whose the plaintext is already, in whichever form it is there: another organization's goes first. */
const findHolder = (state: State, { digest, key, otherDigests }: KeyImport): KeyRow | undefined => {
  const holders = [digest, ...otherDigests].flatMap(({ bytes }) => {
    const held = state.digests.get(digestKey(bytes))
    return (held === undefined ? undefined : state.keys.get(held.keyId)) ?? []
  })
  return holders.find(({ organizationId }) => organizationId !== key.organizationId) ?? holders[0]
}

/** Inserts one key of an import, unless something stands against it. */
export const importKey = (state: State, each: KeyImport): KeyImportOutcome => {
  const { digest, key, otherIds } = each
  const holder = findHolder(state, each)
  if (holder !== undefined) {
    return holder.organizationId === key.organizationId
      ? { _tag: "Existing", keyId: holder.id }
      : { _tag: "Taken", field: "digest" }
  }
  const named = [key.id, ...otherIds].flatMap((id) => state.keys.get(id) ?? [])[0]
  if (named !== undefined) {
    if (named.organizationId !== key.organizationId) return { _tag: "Taken", field: "id" }
    const own = [...state.digests.values()].filter(({ keyId }) => keyId === named.id)
    const renewed = own.every(({ secretId }) => secretId !== digest.secretId)
    return { _tag: "OtherDigest", keyId: named.id, renewed }
  }
  const absent = findAbsentOwner(state, key)
  if (absent !== null && absent.entity !== "key") return { _tag: "Absent", entity: absent.entity }
  if (!areLinked(state, key)) return { _tag: "NotLinked" }
  writeKey(state, { key, digest, idempotencyKey: null, idempotencyDigest: null })
  return { _tag: "Inserted" }
}
