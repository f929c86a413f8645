import { Effect } from "effect"
import { withConnection } from "../../../scripts/services/testing.js"
import { ownerRevocationSuite } from "../../store-sql/test/suites/ownerRevocationSuite.js"
import { revocationSuite, type Trouble } from "../../store-sql/test/suites/revocationSuite.js"
import { sharedLimitSuite } from "../../store-sql/test/suites/sharedLimitSuite.js"
import { usesSuite } from "../../store-sql/test/suites/usesSuite.js"
import { backend } from "./backend.js"
import { startProxy } from "./proxy.js"

const own = { ...backend, worker: new URL("processes/client.ts", import.meta.url) }

/** Of the troubles, after the processes have heard of each other. */
const before = "1 second"
const length = "5 seconds"

const endListeners = (url: string) =>
  Effect.promise(() =>
    withConnection(url, (query) =>
      query(`select pg_terminate_backend(pid) from pg_stat_activity
where application_name = 'apikeys changes' and datname = current_database()`)
    )
  )

const cut: Trouble = {
  name: "while the connections that listen are cut for five seconds",
  through: (address) =>
    Effect.sync(() => {
      let ended = 0
      const end = Effect.map(endListeners(address), ({ length }) => {
        ended += length
      })
      const strike = Effect.delay(
        Effect.timeoutOption(Effect.forever(Effect.zipRight(end, Effect.sleep("50 millis"))), length),
        before
      )
      return { address, strike: Effect.map(strike, () => ended) }
    })
}

const lost: Trouble = {
  name: "while what goes over them is lost for five seconds",
  through: (address) =>
    Effect.map(startProxy(address), ({ listeners, setLossy, url }) => {
      const lose = Effect.zipRight(setLossy(true), Effect.zipRight(Effect.sleep(length), setLossy(false)))
      return {
        address: url,
        strike: Effect.suspend(() => {
          const first = listeners()
          return Effect.map(Effect.delay(lose, before), () => listeners() - first)
        })
      }
    })
}

revocationSuite(own, [cut, lost])
sharedLimitSuite(own)
usesSuite(own)
ownerRevocationSuite(own)
