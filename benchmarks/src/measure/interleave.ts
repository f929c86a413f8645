/** Who goes in which order in a round: each is first in turn, and every other round goes backwards. */
export const orderOf = <A>(contenders: ReadonlyArray<A>, round: number): ReadonlyArray<A> => {
  const first = contenders.length === 0 ? 0 : Math.floor(round / 2) % contenders.length
  const order = [...contenders.slice(first), ...contenders.slice(0, first)]
  return round % 2 === 0 ? order : order.reverse()
}

/**
 * Measures contenders in rounds in which each has one go, so that all of them meet the same weather; nobody always
 * follows the same other.
 *
 * @returns what was measured of each, in the order of the rounds
 */
export const interleave = async <A, B>(
  contenders: ReadonlyArray<A>,
  rounds: number,
  measure: (contender: A) => Promise<B>
): Promise<ReadonlyMap<A, ReadonlyArray<B>>> => {
  const samples = new Map<A, Array<B>>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of orderOf(contenders, round)) {
      samples.get(contender)?.push(await measure(contender))
    }
  }
  return samples
}
