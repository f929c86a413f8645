import { setImmediate } from "node:timers/promises"
import { type ApiKeyClient, QuotaError } from "@apikeys/core"
import { sleep } from "./sleep.js"

export interface SpendInput {
  readonly plaintext: string
  /** Whether calls come one after another; otherwise at random times. */
  readonly busy: boolean
  readonly calls: number
  readonly lanes: number
}

export interface SpendResult {
  /** When calls began that were admitted. */
  readonly admitted: ReadonlyArray<number>
  /** When calls were refused. */
  readonly refused: ReadonlyArray<number>
  readonly errors: ReadonlyArray<string>
}

/** Now at once, now a moment later, and seldom so late that permits at hand are lost. */
const randomPause = () => {
  const dice = Math.random()
  return dice < 0.5 ? Promise.resolve() : sleep(dice < 0.97 ? Math.random() * 8 : Math.random() * 300)
}

/** Makes calls of one key. */
export const spend = async (
  client: ApiKeyClient,
  { busy, calls, lanes, plaintext }: SpendInput
): Promise<SpendResult> => {
  const admitted: Array<number> = []
  const refused: Array<number> = []
  const errors: Array<string> = []
  const lane = async () => {
    for (let i = 0; i < calls / lanes; i++) {
      await (busy ? setImmediate() : randomPause())
      const at = Date.now()
      try {
        await client.validateKey(plaintext)
        admitted.push(at)
      } catch (error) {
        if (error instanceof QuotaError) refused.push(Date.now())
        else errors.push(String(error))
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { admitted, refused, errors }
}
