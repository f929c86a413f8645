import type { ApiKey } from "../domain/ApiKey.js"
import type { KeyId } from "../domain/Ids.js"
import type { Digest } from "./KeyHasher.js"

/** A key that was issued elsewhere, with the digest under which it is to be found. */
export interface KeyImport {
  readonly key: ApiKey
  readonly digest: Digest
  /** Further forms of the same plaintext: a key that is there under one of them is there as much as under `digest`. */
  readonly otherDigests: ReadonlyArray<Digest>
  /** Further ids under which the same import may have inserted the key, by another signing secret. */
  readonly otherIds: ReadonlyArray<KeyId>
}

/** What became of one key of an import. */
export type KeyImportOutcome =
  | { readonly _tag: "Inserted" }
  /** The organization has a key with this digest already, or with another of the same plaintext. */
  | { readonly _tag: "Existing"; readonly keyId: KeyId }
  /** The organization has a key under this id, or another of this import, with other digests. */
  | {
      readonly _tag: "OtherDigest"
      readonly keyId: KeyId
      /** Whether none of these is by the same secret: then it may be the same key, which got a digest by another one since. */
      readonly renewed: boolean
    }
  /** A key of another organization has this digest, another of the same plaintext, or this id. */
  | { readonly _tag: "Taken"; readonly field: "digest" | "id" }
  /** There is no such organization, or it has no such project or product. */
  | { readonly _tag: "Absent"; readonly entity: "organization" | "project" | "product" }
  /** Project and product are both of the organization, but not linked. */
  | { readonly _tag: "NotLinked" }
