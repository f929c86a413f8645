import type { ApiKeyClient } from "@apikeys/core"
import type { Operators } from "../operators.js"

/** What routes work with. */
export interface Services {
  readonly client: ApiKeyClient
  readonly operators: Operators
}
