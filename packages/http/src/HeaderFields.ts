/** Fields of a response, in the order in which they are set. */
export type HeaderFields = ReadonlyArray<readonly [name: string, value: string]>
