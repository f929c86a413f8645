import { Clock, Effect } from "effect"
import type { ApiKey } from "../../domain/ApiKey.js"
import type { InvalidInputError, StoreError } from "../../domain/Errors.js"
import { decodePosition, type Page, type PagePosition, pageOf } from "../../domain/Page.js"
import type { PageSlice } from "../../ports/TenantStore.js"
import { bytesOfRecord } from "../verifier/recordBytes.js"

/** As many keys as are read at once: of the largest, 2 MiB. */
const maxRead = 128

/** As much memory as the keys of a page take, about: a thousand of usual size take a quarter of it. */
const maxBytes = 4 * 1024 * 1024

/** The event loop's turn, by the machine's clock, whichever clock a test sets for the rules. */
const othersFirst = Effect.withClock(Effect.sleep(0), Clock.make())

const positionOf = ({ createdAt, id }: ApiKey): PagePosition => ({ createdAt: createdAt.epochMillis, id })

/**
 * Reads one page of keys, which is bound to a filter, in the order `(createdAt, id)` descending. It ends at the limit, or
 * before it where its keys are large: what is left is on the next one.
 */
export const readKeyPage = (
  filter: unknown,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
  read: (slice: PageSlice) => Effect.Effect<ReadonlyArray<ApiKey>, StoreError>
): Effect.Effect<Page<ApiKey>, InvalidInputError | StoreError> =>
  Effect.gen(function* () {
    let after = yield* decodePosition(filter, cursor)
    const keys: Array<ApiKey> = []
    let bytes = 0
    while (true) {
      // One more than the limit tells whether there is a page after.
      const take = Math.min(limit + 1 - keys.length, maxRead)
      const piece = yield* read({ after, take })
      for (const key of piece) {
        bytes += bytesOfRecord(key)
        keys.push(key)
        const length = keys.length - 1
        if (length > 0 && (length === limit || bytes > maxBytes)) return pageOf(keys, length, filter, positionOf)
      }
      const last = keys.at(-1)
      if (piece.length < take || last === undefined) return pageOf(keys, limit, filter, positionOf)
      after = positionOf(last)
      yield* othersFirst
    }
  })
