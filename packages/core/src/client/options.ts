import { Either, Schema } from "effect"
import { decodeInputEither, invalidInput } from "../domain/Input.js"
import { isPlainObject } from "../domain/PlainObject.js"
import { rule } from "../domain/Rule.js"

const isMillis = (value: unknown): value is number => typeof value === "number" && value >= 0

const decodeClosing = decodeInputEither(
  Schema.Struct({
    timeout: Schema.optionalWith(
      Schema.Unknown.pipe(Schema.filter(isMillis, rule("is not a number of milliseconds from 0 on"))),
      { default: () => 5000 }
    )
  })
)

/** How long closing waits at most, in milliseconds. Throws what is wrong with the options. */
export const closingTimeout = (options: unknown): number =>
  Either.getOrThrowWith(decodeClosing(options ?? {}), (error) => error).timeout

/** Throws where a client is opened with what a copy would read little or nothing of. */
export const checkPlain = (options: unknown): void => {
  if (!isPlainObject(options)) throw invalidInput("", "is not a plain object")
}
