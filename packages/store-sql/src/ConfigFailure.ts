import { InvalidInputError } from "@apikeys/core"
import type { ConfigError } from "effect"

/**
 * What is wrong with options from a configuration, as any other bad input: by path and rule, and never with the value.
 *
 * @since 0.1.0
 */
export const toInvalidInput = (error: ConfigError.ConfigError): InvalidInputError => {
  switch (error._op) {
    case "And":
    case "Or":
      return new InvalidInputError({
        issues: [...toInvalidInput(error.left).issues, ...toInvalidInput(error.right).issues]
      })
    case "MissingData":
      return new InvalidInputError({ issues: [{ path: error.path.join("."), rule: "is required" }] })
    default:
      return new InvalidInputError({ issues: [{ path: error.path.join("."), rule: "cannot be read" }] })
  }
}
