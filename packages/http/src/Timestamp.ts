/** A point in time of core: a `Date`, or an instant of Effect. */
export type Timestamp = Date | { readonly epochMillis: number }

/** A `Date` of its own. */
export const dateOf = (time: Timestamp): Date => new Date(time instanceof Date ? time.getTime() : time.epochMillis)
