import { setTimeout as sleep } from "node:timers/promises"

/** Waits for what happens soon, and fails if it does not. */
export const until = async (happened: () => boolean, limit = 20_000) => {
  for (const end = Date.now() + limit; !happened(); await sleep(20)) {
    if (Date.now() > end) throw new Error(`${happened} stays false`)
  }
}
