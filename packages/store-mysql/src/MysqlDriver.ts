import type { Connection } from "@effect/sql/SqlConnection"

/** The driver's own connection, of its pool. */
export interface DriverConnection {
  /** Takes it out of the pool, and says no farewell. */
  readonly destroy: () => void
  readonly stream: {
    readonly destroyed: boolean
    readonly destroy: (error?: Error) => void
    readonly once: (event: "close", listener: () => void) => unknown
  }
}

/** A private field of the client's. */
export const driverConnectionOf = (connection: Connection): DriverConnection | undefined =>
  (connection as { readonly conn?: DriverConnection }).conn

/** As if the network had failed: what runs on it fails, and the pool forgets it. */
export const strand = (driver: DriverConnection | undefined): void => {
  driver?.stream.destroy(Object.assign(new Error("given up"), { code: "ETIMEDOUT" }))
}

/** Ends a connection on which nothing runs, before the pool could lend it again. */
export const retire = (driver: DriverConnection | undefined): void => {
  driver?.destroy()
  driver?.stream.destroy()
}

/** Timers of more are none. */
const longestTimer = 2 ** 31 - 1

/**
 * Knows the connections that are open, and replaces each after a while, so that none stays with a server that was.
 *
 * @param millis `null`: never
 */
export const makeLifetimes = (millis: number | null) => {
  const known = new Set<DriverConnection>()
  const lent = new Set<DriverConnection>()
  const expired = new WeakSet<DriverConnection>()

  const remember = (driver: DriverConnection): void => {
    known.add(driver)
    const expire = (): void => {
      expired.add(driver)
      if (!lent.has(driver)) retire(driver)
    }
    const timer = millis === null ? undefined : setTimeout(expire, Math.min(millis, longestTimer))
    timer?.unref()
    driver.stream.once("close", () => {
      clearTimeout(timer)
      known.delete(driver)
    })
  }

  return {
    lend: (driver: DriverConnection | undefined): void => {
      if (driver === undefined) return
      lent.add(driver)
      if (!known.has(driver) && !driver.stream.destroyed) remember(driver)
    },
    giveBack: (driver: DriverConnection | undefined): void => {
      if (driver === undefined) return
      lent.delete(driver)
      if (expired.has(driver)) retire(driver)
    },
    breakAll: (): void => {
      for (const driver of known) strand(driver)
    }
  }
}
