import { closeSync, openSync, writeSync } from "node:fs"
import type { ApiKeyClient } from "@apikeys/core"
import { sleep } from "./sleep.js"

export interface UseInput {
  readonly plaintext: string
  readonly lanes: number
  readonly millis: number
  /** To which the time of each use is written as soon as it was let in: of a process that is killed, it tells. */
  readonly file: string | null
}

/** Uses one key without a pause to speak of, and gives how often. */
export const use = async (client: ApiKeyClient, { file, lanes, millis, plaintext }: UseInput): Promise<number> => {
  const descriptor = file === null ? null : openSync(file, "a")
  const until = Date.now() + millis
  let successes = 0
  const lane = async () => {
    while (Date.now() < until) {
      await client.validateKey(plaintext)
      successes++
      if (descriptor !== null) writeSync(descriptor, `${Date.now()}\n`)
      await sleep(1)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  if (descriptor !== null) closeSync(descriptor)
  return successes
}
