interface Named {
  readonly id: string
  readonly comparison?: string
  readonly tags: ReadonlyArray<string>
}

const namesOf = ({ comparison, id, tags }: Named): ReadonlyArray<string> =>
  comparison === undefined ? [id, ...tags] : [id, comparison, ...tags]

/** Those that bear one of these names. A name that nobody bears is an error: else a typo would measure nothing. */
export const select = <A extends Named>(
  all: ReadonlyArray<A>,
  only: ReadonlyArray<string> | null
): ReadonlyArray<A> => {
  if (only === null) return all
  const unknown = only.find((name) => !all.some((each) => namesOf(each).includes(name)))
  if (unknown !== undefined) {
    const choice = [...new Set(all.flatMap(namesOf))].sort().join(", ")
    throw new Error(`Nothing is called "${unknown}". Choose from: ${choice}`)
  }
  return all.filter((each) => namesOf(each).some((name) => only.includes(name)))
}
