import { Context, Effect, Layer, Option, Schema } from "effect"
import type { ApiKey, ApiKeyOf } from "../domain/ApiKey.js"
import { type InvalidInputError, StoreError } from "../domain/Errors.js"
import { decodeValue } from "../domain/Input.js"
import { Metadata, plainMetadata } from "../domain/Metadata.js"

/** Between the metadata of an application and what a store keeps: a JSON object within its bounds. */
export class MetadataCodec extends Context.Tag("@apikeys/core/MetadataCodec")<
  MetadataCodec,
  {
    /** Checks what a caller gave, and takes a frozen copy in the form that is stored. */
    readonly encode: (metadata: unknown) => Effect.Effect<Metadata, InvalidInputError>
    /** The same at once; `null` where that cannot be, or the metadata is refused. */
    readonly encodeNow: (metadata: unknown) => Metadata | null
    /** Metadata in the application's form. Stored metadata that the schema refuses is a `StoreError`. */
    readonly typed: (metadata: Metadata) => Effect.Effect<Metadata, StoreError>
    /** The same at once; `null` where that cannot be. */
    readonly typedNow: (metadata: Metadata) => Metadata | null
    /** A key with its metadata in the application's form. */
    readonly typedKey: (key: ApiKey) => Effect.Effect<ApiKey, StoreError>
  }
>() {}

const decodeMetadata = decodeValue("metadata", Metadata)

/** Any JSON object. */
export const plain: Layer.Layer<MetadataCodec> = Layer.succeed(
  MetadataCodec,
  MetadataCodec.of({
    encode: decodeMetadata,
    encodeNow: plainMetadata,
    typed: Effect.succeed,
    typedNow: (metadata) => metadata,
    typedKey: Effect.succeed
  })
)

/** Only what a schema accepts, in its own types. */
export const layer = <M, I>(schema: Schema.Schema<M, I>): Layer.Layer<MetadataCodec> => {
  // The caller gives and gets the decoded side; the encoded side is what is stored.
  const check = decodeValue("metadata", Schema.typeSchema(schema))
  const encode = Schema.encodeUnknown(schema)
  const decode = Schema.decodeUnknown(schema)
  const decodeNow = Schema.decodeUnknownOption(schema)
  const refused = new StoreError({
    operation: "MetadataCodec.typed",
    retryable: false,
    reason: "stored metadata does not fit metadataSchema"
  })
  // Of the application's type, whatever it is: the services are given that type where they leave the library.
  const typed = (metadata: Metadata): Effect.Effect<Metadata, StoreError> =>
    Effect.mapBoth(decode(metadata), { onFailure: () => refused, onSuccess: (value) => value as Metadata })
  return Layer.succeed(
    MetadataCodec,
    MetadataCodec.of({
      encode: (metadata) =>
        check(metadata).pipe(
          Effect.flatMap((value) => Effect.orDie(encode(value))),
          Effect.flatMap(decodeMetadata)
        ),
      encodeNow: () => null,
      typed,
      // A schema that has to wait for something answers none at once.
      typedNow: (metadata) => Option.getOrNull(decodeNow(metadata)) as Metadata | null,
      typedKey: (key) => Effect.map(typed(key.metadata), (metadata) => withMetadata(key, metadata) as unknown as ApiKey)
    })
  )
}

const withMetadata = <M>(key: ApiKey, metadata: M): ApiKeyOf<M> =>
  Object.assign(Object.create(Object.getPrototypeOf(key)), key, { metadata })
