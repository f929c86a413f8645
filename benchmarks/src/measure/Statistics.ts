/** What is left of the rounds: the middle one, and where the middle half of them lies. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which this share of a sample lies, between two of its values where none is there exactly. */
export const quantile = (sample: ReadonlyArray<number>, share: number): number => {
  const sorted = [...sample].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) throw new Error("A sample without values has no quantiles")
  return below + (above - below) * (position - Math.floor(position))
}

export const summarize = (sample: ReadonlyArray<number>): Summary => ({
  median: quantile(sample, 0.5),
  low: quantile(sample, 0.25),
  high: quantile(sample, 0.75)
})

/**
 * The ratio of each round of one sample to the same round of another. What slows the machine for a while slows both
 * of a pair, and so goes out of their ratio; out of the ratio of two medians it would not.
 */
export const pairedRatios = (
  measured: ReadonlyArray<number>,
  against: ReadonlyArray<number>
): ReadonlyArray<number> => {
  if (measured.length !== against.length) {
    throw new Error(`${measured.length} rounds cannot be paired with ${against.length}`)
  }
  return measured.map((value, round) => value / (against[round] ?? Number.NaN))
}
