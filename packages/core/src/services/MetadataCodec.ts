import { Context, Effect, Layer, Schema } from "effect"
import type { ApiKey, ApiKeyOf } from "../domain/ApiKey.js"
import { type InvalidInputError, StoreError } from "../domain/Errors.js"
import { decodeValue } from "../domain/Input.js"
import { Metadata } from "../domain/Metadata.js"

/** Between the metadata of an application and what a store keeps: a JSON object within its bounds. */
export class MetadataCodec extends Context.Tag("@apikeys/core/MetadataCodec")<
  MetadataCodec,
  {
    /** Checks what a caller gave, and takes a frozen copy in the form that is stored. */
    readonly encode: (metadata: unknown) => Effect.Effect<Metadata, InvalidInputError>
    /** A key with its metadata in the application's form. Stored metadata that the schema refuses is a `StoreError`. */
    readonly typed: (key: ApiKey) => Effect.Effect<ApiKey, StoreError>
  }
>() {}

const decodeMetadata = decodeValue("metadata", Metadata)

/** Any JSON object. */
export const plain: Layer.Layer<MetadataCodec> = Layer.succeed(
  MetadataCodec,
  MetadataCodec.of({ encode: decodeMetadata, typed: Effect.succeed })
)

/** Only what a schema accepts, in its own types. */
export const layer = <M, I>(schema: Schema.Schema<M, I>): Layer.Layer<MetadataCodec> => {
  // The caller gives and gets the decoded side; the encoded side is what is stored.
  const check = decodeValue("metadata", Schema.typeSchema(schema))
  const encode = Schema.encodeUnknown(schema)
  const decode = Schema.decodeUnknown(schema)
  const refused = new StoreError({
    operation: "MetadataCodec.typed",
    retryable: false,
    reason: "stored metadata does not fit metadataSchema"
  })
  return Layer.succeed(
    MetadataCodec,
    MetadataCodec.of({
      encode: (metadata) =>
        check(metadata).pipe(
          Effect.flatMap((value) => Effect.orDie(encode(value))),
          Effect.flatMap(decodeMetadata)
        ),
      typed: (key) =>
        decode(key.metadata).pipe(
          Effect.mapBoth({
            onFailure: () => refused,
            onSuccess: (metadata) => withMetadata(key, metadata) as unknown as ApiKey
          })
        )
    })
  )
}

const withMetadata = <M>(key: ApiKey, metadata: M): ApiKeyOf<M> =>
  Object.assign(Object.create(Object.getPrototypeOf(key)), key, { metadata })
