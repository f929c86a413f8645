import type { Metadata } from "../domain/Metadata.js"
import type { DigestInput, ImportKeyOptions, ImportProgress, RefusedImport } from "../services/keys/ImportKeys.js"
import type { CreateKeyOptions, KeyData } from "./ClientTypes.js"

export type { DigestInput, ImportKeyOptions, ImportProgress, RefusedImport }

/**
 * A key that was issued elsewhere, and its digest or its plaintext.
 *
 * @since 0.1.0
 */
export type ImportKeyData<M = Metadata> = CreateKeyOptions<M> & {
  /** Any UUID. Default: one made of organization and digest, so that importing once more finds the key. */
  readonly id?: string | undefined
  /** Not in the future. Default: now. */
  readonly createdAt?: Date | undefined
  /** Default 0. */
  readonly useCount?: number | undefined
  readonly lastUsedAt?: Date | null | undefined
  readonly revokedAt?: Date | null | undefined
  readonly revokedReason?: string | null | undefined
  /** For people to tell keys apart, such as its first characters; of a plaintext it is made. Default `…`. */
  readonly hint?: string | undefined
} & (
    | { readonly digest: DigestInput; readonly plaintext?: undefined }
    | {
        /** Of a form that the client accepts; it is digested at once, and kept nowhere. */
        readonly plaintext: string
        readonly digest?: undefined
      }
  )

/**
 * How many keys are imported.
 *
 * @since 0.1.0
 */
export interface ImportKeysOptions extends ImportKeyOptions {
  /** How many keys a transaction inserts: 1 to 4096. Default 512. */
  readonly batchSize?: number | undefined
  /**
   * How many keys may be refused: with one more, the import ends with an `InvalidInputError`, after the callbacks were
   * called for what came before. The batches before stay imported. Default: any number.
   */
  readonly maxRefused?: number | undefined
  /** Is told of each key that is refused, in their order; the import waits for what it returns. */
  readonly onRefused?: ((refused: RefusedImport) => unknown) | undefined
  /** Is told after each transaction how far the import is; the import waits for what it returns. */
  readonly onProgress?: ((progress: ImportProgress) => unknown) | undefined
}

/** An imported key; `created` is `false` where the organization had it already, and nothing was written. */
export interface ImportedKeyData<M = Metadata> {
  readonly key: KeyData<M>
  readonly created: boolean
}
