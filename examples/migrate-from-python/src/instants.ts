/** A point in time as the old database had it written. */
export interface WrittenInstant {
  readonly at: Date
  /** Whether it said in which zone it is; UTC is assumed where it did not. */
  readonly zoned: boolean
}

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(?:(Z)|([+-])(\d\d):?(\d\d)?(?::?\d\d)?)?$/i

/** What Python and the databases write, to the millisecond; `null` for anything else, such as a 30th of February. */
export const readInstant = (text: string): WrittenInstant | null => {
  const found = form.exec(text)
  if (found === null) return null
  const [
    ,
    year,
    month,
    day,
    hours = "0",
    minutes = "0",
    seconds = "0",
    fraction = "",
    z,
    sign,
    zoneHours,
    zoneMinutes
  ] = found
  const millis = Number(fraction.padEnd(3, "0").slice(0, 3))
  const fields = [
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds)
  ] as const
  const written = new Date(Date.UTC(...fields, millis))
  const kept = [
    written.getUTCFullYear(),
    written.getUTCMonth(),
    written.getUTCDate(),
    written.getUTCHours(),
    written.getUTCMinutes(),
    written.getUTCSeconds()
  ]
  // Date.UTC makes another day of one that there is not.
  if (kept.some((value, i) => value !== fields[i])) return null
  const offset = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * (sign === "-" ? -1 : 1)
  return { at: new Date(written.getTime() - offset * 60_000), zoned: z !== undefined || sign !== undefined }
}
