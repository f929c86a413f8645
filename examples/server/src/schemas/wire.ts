import { Input } from "@apikeys/core"
import { JSONSchema, Schema } from "effect"

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** `Date` makes another day of a 30th of February, and of 24:00. */
const isTime = (text: string): boolean => {
  const [, local] = rfc3339.exec(text) ?? []
  const millis = Date.parse(`${local}Z`)
  return !Number.isNaN(millis) && new Date(millis).toISOString().slice(0, 19) === local
}

/** A point in time, which JSON writes as a text. */
export const Timestamp = Schema.String.annotations(Input.rule("is not a string")).pipe(
  Schema.filter(isTime, Input.rule("is not a time such as 2027-01-31T12:00:00Z", { format: "date-time" })),
  Schema.transform(Schema.DateFromSelf, {
    strict: true,
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString()
  })
)

/** May be left out; `null` clears, or is the same as leaving it out. */
export const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/** May be left out, and has no `undefined` of its own, which the library refuses where it would ask for less. */
export const exactly = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** `Number` would take `0x10`, `1e2` and blanks. */
const numeral = /^(?:0|[1-9]\d*)$/

/** A whole number as it stands in a query. */
const inQuery = (number: Schema.Schema<number>) => {
  const { $schema: _, ...jsonSchema } = JSONSchema.make(number)
  return Schema.transform(Schema.String.annotations({ jsonSchema }), number, {
    strict: true,
    decode: (text) => (numeral.test(text) ? Number(text) : Number.NaN),
    encode: String
  })
}

/** How a listing is paged: `limit` is 50 where it is left out. */
export const pageQuery = {
  limit: Schema.optional(inQuery(Input.PageLimit)),
  cursor: Schema.optional(Input.PageCursor)
}
export const PageQuery = Schema.Struct(pageQuery)

/** A page of a listing, newest first. */
export const pageOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({
    items: Schema.Array(item),
    nextCursor: Schema.NullOr(Schema.String).annotations({
      description: "Give it back as `cursor` for the page after; null on the last one"
    })
  })

/** Any value of JSON. */
export const Anything = Schema.Unknown.annotations({
  jsonSchema: { type: ["null", "boolean", "number", "string", "array", "object"] }
})

/** An answer without a body. */
export const Nothing = Schema.Void

/** A problem of RFC 9457. `code` tells one from another; each has the data of its error besides. */
export const Problem = Schema.Struct(
  {
    type: Schema.String,
    title: Schema.String,
    status: Schema.Number,
    detail: Schema.String,
    code: Schema.String
  },
  { key: Schema.String, value: Anything }
).annotations({ identifier: "Problem" })

/** The problems of a route that needs a key and takes input, */
export const problems = { 400: Problem, 401: Problem, 403: Problem, 429: Problem, 503: Problem }
/** and of one that looks something up, */
export const problemsOfOne = { ...problems, 404: Problem }
/** or that something may stand in the way of. */
export const problemsOfChange = { ...problemsOfOne, 409: Problem }
