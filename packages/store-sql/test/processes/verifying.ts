import { type ApiKeyClient, StoreError } from "@apikeys/core"
import { sleep } from "./sleep.js"

export interface Ending {
  readonly id: string
  readonly how: "revoke" | "disable" | "rotate" | "delete"
}

export interface VerifyInput {
  readonly plaintexts: ReadonlyArray<string>
  readonly perSecond: number
  /** What this process itself does to the keys, in their order; nothing where it is none. */
  readonly endings: ReadonlyArray<Ending>
  readonly pauseMillis: number
}

/** Times are those of the machine's clock, for each key in order. */
export interface VerifyResult {
  /** When the last call began that was let in. */
  readonly lastPasses: ReadonlyArray<number | null>
  /** When the first call was refused. */
  readonly firstRefusals: ReadonlyArray<number | null>
  /** When this process had been told that a key was ended. */
  readonly ended: ReadonlyArray<number>
  readonly perSecond: number
  readonly errors: ReadonlyArray<string>
}

/** How long keys are watched at most, and for how long after all of them were refused. */
const patience = 40_000
const settled = 1200

/** Before the first key is ended, each was let in everywhere. */
const warm = 1000

const end = async (client: ApiKeyClient, { how, id }: Ending): Promise<number> => {
  if (how === "revoke") await client.revokeKey(id)
  else if (how === "disable") await client.disableKey(id)
  else if (how === "rotate") await client.rotateKey(id)
  else await client.deleteKey(id)
  return Date.now()
}

/** Verifies keys in turn, and ends some meanwhile, until all of them have been refused for a while. */
export const verify = async (
  client: ApiKeyClient,
  { endings, pauseMillis, perSecond, plaintexts }: VerifyInput
): Promise<VerifyResult> => {
  const lastPasses = plaintexts.map((): number | null => null)
  const firstRefusals = plaintexts.map((): number | null => null)
  const errors: Array<string> = []
  const began = Date.now()
  let calls = 0

  const verifyOne = async (i: number) => {
    const at = Date.now()
    try {
      await client.validateKey(plaintexts[i] ?? "")
      lastPasses[i] = Math.max(lastPasses[i] ?? 0, at)
    } catch (error) {
      if (error instanceof StoreError) errors.push(error.reason)
      else firstRefusals[i] ??= Date.now()
    }
  }

  const endAll = async () => {
    const ended: Array<number> = []
    for (const ending of endings) {
      await sleep(ended.length === 0 ? warm : pauseMillis)
      ended.push(await end(client, ending))
    }
    return ended
  }

  const ending = endAll()
  const underWay = new Set<Promise<void>>()
  let over: number | null = null
  while (Date.now() < Math.min(began + patience, (over ?? Number.POSITIVE_INFINITY) + settled)) {
    for (const due = ((Date.now() - began) / 1000) * perSecond; calls < due && underWay.size < 1000; calls++) {
      const call = verifyOne(calls % plaintexts.length)
      underWay.add(call)
      void call.finally(() => underWay.delete(call))
    }
    if (firstRefusals.every((at) => at !== null)) over ??= Date.now()
    await sleep(5)
  }
  const rate = calls / ((Date.now() - began) / 1000)
  await Promise.all(underWay)
  return { lastPasses, firstRefusals, ended: await ending, perSecond: rate, errors }
}
