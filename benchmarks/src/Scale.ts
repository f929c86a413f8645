/** How long and how large a run is. */
export interface Scale {
  readonly quick: boolean
  /** In each of which every contender has one go. */
  readonly rounds: number
  readonly roundMillis: number
  readonly warmUpMillis: number
  /** After a go of a contender that writes behind its calls, so that this is in nobody else's. */
  readonly settleMillis: number
  /** How many keys a contender goes round. */
  readonly keys: number
  /** How many keys are in a large, and in a small, database. */
  readonly manyKeys: number
  readonly fewKeys: number
  /** How many keys a cache holds whose memory is measured. */
  readonly cachedKeys: number
  /** For how long a log is written whose size is measured. */
  readonly sustainedMillis: number
  /** What is measured as a whole, in a process of its own, has fewer rounds. */
  readonly wholeRounds: number
  /** The limit of a round of exactness. */
  readonly limit: number
}

export const full: Scale = {
  quick: false,
  rounds: 9,
  roundMillis: 700,
  warmUpMillis: 1000,
  settleMillis: 1200,
  keys: 1000,
  manyKeys: 1_000_000,
  fewKeys: 1000,
  cachedKeys: 100_000,
  sustainedMillis: 15_000,
  wholeRounds: 3,
  limit: 500
}

/** Shows that everything works, and says nothing of how fast. */
export const quick: Scale = {
  quick: true,
  rounds: 3,
  roundMillis: 20,
  warmUpMillis: 30,
  settleMillis: 0,
  keys: 50,
  manyKeys: 2000,
  fewKeys: 200,
  cachedKeys: 1000,
  sustainedMillis: 300,
  wholeRounds: 1,
  limit: 50
}
