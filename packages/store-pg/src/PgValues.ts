import type { CustomTypesConfig } from "pg"

/** As the server writes times in the style `ISO`, whatever the zone: `2026-01-02 03:04:05.678+05:30`. */
const written = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/

const digits = (text: string, start: number, end: number): number => {
  let number = 0
  for (let i = start; i < end; i++) number = number * 10 + text.charCodeAt(i) - 48
  return number
}

const thousandths = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, "0"))

const toMillisAnyhow = (text: string): unknown => {
  const parts = written.exec(text)
  if (parts === null) return text
  const [, year, month, day, ...rest] = parts
  const [time, fraction = "", sign, offset] = [rest.slice(0, 3), rest[3], rest[4], rest.slice(5)]
  const seconds = ([hours = 0, minutes = 0, rest = 0]: ReadonlyArray<string | number | undefined>) =>
    Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
  const ahead = seconds(offset) * (sign === "-" ? -1 : 1)
  return Date.UTC(Number(year), Number(month) - 1, Number(day), 0, 0, seconds(time) - ahead, thousandths(fraction))
}

/** Milliseconds since the epoch. What is no time of that form stays text, and is refused by the column. */
export const toMillis = (text: string): unknown => {
  const isPlain = text.length >= 22 && text.charCodeAt(4) === 45 && text.charCodeAt(10) === 32 && text.endsWith("+00")
  if (!isPlain) return toMillisAnyhow(text)
  const fraction = text.length === 22 ? 0 : thousandths(text.slice(20, -3))
  return Date.UTC(
    digits(text, 0, 4),
    digits(text, 5, 7) - 1,
    digits(text, 8, 10),
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, 19),
    fraction
  )
}

/** Of either form in which servers write bytes (`bytea_output`). */
export const toBuffer = (text: string): Buffer => {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex")
  const bytes = text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === "\\" ? code : String.fromCharCode(Number.parseInt(code, 8))
  )
  return Buffer.from(bytes, "latin1")
}

const asText = (text: string): unknown => text

/** By the object ids of the types. JSON stays text, and numbers of any size become numbers. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === "t", // boolean
  17: toBuffer, // bytea
  20: Number, // bigint
  21: Number, // smallint
  23: Number, // integer
  701: Number, // double precision
  1184: toMillis // timestamptz
}

/**
 * How values are read where it has to be fast: the driver's own parser of a time takes as long as a row. These are not
 * touched by what the application sets for all of its clients.
 */
export const types: CustomTypesConfig = {
  getTypeParser: ((oid: number) => parsers[oid] ?? asText) as CustomTypesConfig["getTypeParser"]
}
