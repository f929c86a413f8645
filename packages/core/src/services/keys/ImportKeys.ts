import type { Redacted } from "effect"
import type { ApiKeyOf } from "../../domain/ApiKey.js"
import type { Metadata } from "../../domain/Metadata.js"
import type { CreateKeyInput, InstantInput } from "./KeyInput.js"

/** How a digest was made. */
type DigestMaking =
  | {
      readonly algorithm: "hmac-sha256"
      /** The index, in `previousSigningSecrets` of this client, of the secret that made it. Default: `signingSecret` did. */
      readonly previousSecret?: number | undefined
    }
  | { readonly algorithm: "sha256"; readonly previousSecret?: undefined }

/**
 * 32 bytes, written in one of three ways. `hmac-sha256` is under the signing secret of this client, or under one of its
 * previous ones, of which it becomes one under the signing secret when the key is first used. `sha256` is under none, and is
 * kept as its HMAC under the signing secret.
 *
 * @since 0.1.0
 */
export type DigestInput = DigestMaking &
  (
    | { readonly hex: string; readonly base64?: undefined; readonly base64url?: undefined }
    | { readonly base64: string; readonly hex?: undefined; readonly base64url?: undefined }
    | { readonly base64url: string; readonly hex?: undefined; readonly base64?: undefined }
  )

/** What is known of the plaintext of an imported key: its digest, or all of it. */
type ImportedSecret =
  | { readonly digest: DigestInput; readonly plaintext?: undefined }
  | {
      /** Of a form that the client accepts; it is digested at once, and kept nowhere. */
      readonly plaintext: Redacted.Redacted<string> | string
      readonly digest?: undefined
    }

/** What an import may say of a key beyond what a new one is made of; the `Time` is that of the face. */
interface History<Time> {
  /** Any UUID. Default: one made of organization and digest, so that importing once more finds the key. */
  readonly id?: string | undefined
  /** May lie in the past. */
  readonly expiresAt?: Time | null | undefined
  /** Not in the future. Default: now. */
  readonly createdAt?: Time | undefined
  /** Default 0. */
  readonly useCount?: number | undefined
  readonly lastUsedAt?: Time | null | undefined
  readonly revokedAt?: Time | null | undefined
  readonly revokedReason?: string | null | undefined
  /** For people to tell keys apart, such as its first characters; of a plaintext it is made. Default `…`. */
  readonly hint?: string | undefined
}

/**
 * A key that was issued elsewhere.
 *
 * @since 0.1.0
 */
export type ImportKeyInput<M = Metadata, Time = InstantInput> = Omit<CreateKeyInput<M>, "expiresAt"> &
  History<Time> &
  ImportedSecret

/**
 * How keys are imported.
 *
 * @since 0.1.0
 */
export interface ImportKeyOptions {
  /**
   * What becomes of the scopes `*` and those that end in `:*`, which may have been plain strings where they come from:
   * by default the key is refused; `grant` takes them for the wildcards that they are here.
   */
  readonly wildcards?: "refuse" | "grant" | undefined
  /**
   * What becomes of keys that expire later than `maxKeyLifetime` after their creation, or never: by default they are refused;
   * `keep` takes them as they are.
   */
  readonly lifetime?: "refuse" | "keep" | undefined
}

/**
 * An imported key.
 *
 * @since 0.1.0
 */
export interface ImportedKey<M = Metadata> {
  readonly key: ApiKeyOf<M>
  /** `false` where the organization had it already, and nothing was written. */
  readonly created: boolean
}

/**
 * One key that an import refused, and every rule that it broke.
 *
 * @since 0.1.0
 */
export interface RefusedImport {
  /** Its place among those that were given, from 0 on. */
  readonly index: number
  /** Its id, where it was given one that is an id. */
  readonly id: string | null
  readonly issues: ReadonlyArray<{ readonly path: string; readonly rule: string }>
}

/**
 * How far an import is, or was in the end.
 *
 * @since 0.1.0
 */
export interface ImportProgress {
  /** How many are new. */
  readonly imported: number
  /** How many were there already. */
  readonly existing: number
  readonly refused: number
}
