// How fast keys are imported, against bare multi-row inserts of the same rows into the same tables.
import { createHash } from "node:crypto"
import { ApiKeyClient, type ImportKeyData, type Store } from "@apikeys/core"

/** A key as its rows have it, whatever the form of a database's columns. */
export interface BareKey {
  readonly id: string
  readonly organizationId: string
  readonly digest: Buffer
  readonly name: string
  readonly scopes: string
  readonly rateLimits: string
  readonly metadata: string
  readonly createdAt: Date
}

/** Inserts keys and their digests as the driver does it: two statements, in a transaction. */
export type InsertBare = (keys: ReadonlyArray<BareKey>) => Promise<void> | void

export interface ImportRate {
  /** Keys a second, the median of all rounds. */
  readonly imported: number
  readonly bare: number
  /** The median of each round's share. */
  readonly ratio: number
  /** In bytes, the most that was seen between batches. */
  readonly heap: number
}

const batchSize = 512
const createdAt = new Date("2024-01-02T03:04:05.678Z")
const scopes = ["forecast:read", "forecast:write"]
const rateLimits = [{ name: "default", requests: 1000, window: "minute", algorithm: "fixed-window" }] as const

const hashOf = (text: string) => createHash("sha256").update(text).digest()

const idOf = (text: string): string => {
  const hex = hashOf(`id ${text}`).toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const toImport = (organizationId: string, n: number): ImportKeyData => ({
  id: idOf(`${organizationId} ${n}`),
  organizationId,
  digest: { algorithm: "hmac-sha256", hex: hashOf(`${organizationId} ${n}`).toString("hex") },
  name: `Key ${n}`,
  scopes,
  rateLimits,
  metadata: { userId: `u_${n}`, plan: "pro" },
  createdAt
})

const toBare = (organizationId: string, n: number): BareKey => ({
  id: idOf(`${organizationId} ${n}`),
  organizationId,
  digest: hashOf(`${organizationId} ${n}`),
  name: `Key ${n}`,
  scopes: JSON.stringify(scopes),
  rateLimits: JSON.stringify(rateLimits.map((limit) => ({ ...limit, burst: null }))),
  metadata: JSON.stringify({ userId: `u_${n}`, plan: "pro" }),
  createdAt
})

const many = function* (rows: number, organizationId: string) {
  for (let n = 0; n < rows; n++) yield toImport(organizationId, n)
}

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

const timed = async (work: () => Promise<void>): Promise<number> => {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** Imports and inserts in turn, so that whatever else the machine does weighs on both. */
export const measureImportRate = async (options: {
  readonly store: Store
  readonly insertBare: InsertBare
  readonly rows: number
  readonly rounds: number
}): Promise<ImportRate> => {
  const { insertBare, rounds, rows, store } = options
  const client = await ApiKeyClient.open({ store, signingSecret: "0".repeat(64), keyPrefix: "myapp" })
  const seconds: Array<{ readonly imported: number; readonly bare: number }> = []
  let heap = 0
  try {
    for (let round = 0; round < rounds; round++) {
      const [ours, theirs] = await Promise.all(
        ["ours", "theirs"].map((whose) => client.createOrganization({ name: `${whose} ${crypto.randomUUID()}` }))
      )
      const imported = await timed(async () => {
        const progress = await client.importKeys(many(rows, ours?.id ?? ""), {
          batchSize,
          onProgress: () => {
            heap = Math.max(heap, process.memoryUsage().heapUsed)
          }
        })
        if (progress.imported !== rows) throw new Error(`${progress.imported} of ${rows} keys were imported`)
      })
      const bare = await timed(async () => {
        for (let start = 0; start < rows; start += batchSize) {
          const length = Math.min(batchSize, rows - start)
          await insertBare(Array.from({ length }, (_, n) => toBare(theirs?.id ?? "", start + n)))
        }
      })
      seconds.push({ imported, bare })
    }
  } finally {
    await client.close()
  }
  return {
    imported: rows / median(seconds.map(({ imported }) => imported)),
    bare: rows / median(seconds.map(({ bare }) => bare)),
    ratio: median(seconds.map(({ bare, imported }) => bare / imported)),
    heap
  }
}

/** How many keys are imported: `APIKEYS_IMPORT_ROWS=1000000 pnpm vitest run --project store-pg`. */
export const importedRows = Number(process.env.APIKEYS_IMPORT_ROWS)

/** In one line, for people. */
export const describeRate = (title: string, { bare, heap, imported, ratio }: ImportRate): string =>
  `${title}: ${Math.round(imported)} keys a second imported, ${Math.round(bare)} inserted bare, ratio ${ratio.toFixed(2)}, heap up to ${Math.round(heap / 2 ** 20)} MiB`

/** What an import has to reach, with a million keys on a machine that does nothing else. */
export const leastRatio = 0.5
export const mostHeap = 200 * 2 ** 20
