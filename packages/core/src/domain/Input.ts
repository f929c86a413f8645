import { Effect, Either, type ParseResult, Schema, type SchemaAST } from "effect"
import { InvalidInputError } from "./Errors.js"
import { ruleOf, shownName, undefinedRuleOf } from "./Rule.js"
import { lookOf } from "./Shape.js"

interface Issue {
  readonly path: string
  readonly rule: string
}

/** More than anybody reads; it bounds an answer to hostile input. */
const maxIssues = 50

const typeRule = (ast: SchemaAST.AST): string => {
  switch (ast._tag) {
    case "StringKeyword":
      return "is not a string"
    case "NumberKeyword":
      return "is not a number"
    case "BooleanKeyword":
      return "is not true or false"
    case "TypeLiteral":
      return "is not an object"
    case "TupleType":
      return "is not a list"
    default:
      return "is not of the expected type"
  }
}

/** Paths come from the caller too. */
export const pathOf = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .map((member) => shownName(String(member)))
    .join(".")
    .slice(0, 200)

const isNothing = (ast: SchemaAST.AST): boolean =>
  ast._tag === "UndefinedKeyword" || (ast._tag === "Literal" && ast.literal === null)

const addTo =
  (issues: Array<Issue>) =>
  (path: ReadonlyArray<PropertyKey>, rule: string): void => {
    if (issues.length < maxIssues) issues.push({ path: pathOf(path), rule })
  }

const collect = (issue: ParseResult.ParseIssue, path: ReadonlyArray<PropertyKey>, issues: Array<Issue>): void => {
  const add = (rule: string) => addTo(issues)(path, rule)
  switch (issue._tag) {
    case "Missing":
      return add("is required")
    case "Unexpected":
      return add("is not a known field")
    case "Pointer":
      return collect(issue.issue, [...path, ...[issue.path].flat()], issues)
    case "Composite": {
      const words = ruleOf(issue.ast)
      if (issue.ast._tag === "Union") {
        const missing = issue.actual === undefined ? undefinedRuleOf(issue.ast) : undefined
        if (missing !== undefined) return add(missing)
        if (words !== undefined) return add(words)
        // What is not null is refused by the other members, and only those are worth telling.
        const members = [issue.issues].flat() as ReadonlyArray<ParseResult.ParseIssue>
        const telling = members.filter((member) => !(member._tag === "Type" && isNothing(member.ast)))
        const [first] = telling.length > 0 ? telling : members
        return first === undefined ? add("is not of the expected type") : collect(first, path, issues)
      }
      for (const member of [issue.issues].flat() as ReadonlyArray<ParseResult.ParseIssue>) collect(member, path, issues)
      return
    }
    case "Refinement":
      return issue.kind === "From"
        ? collect(issue.issue, path, issues)
        : add(ruleOf(issue.ast) ?? "is not of the expected form")
    case "Transformation":
      return collect(issue.issue, path, issues)
    case "Type":
      return add(ruleOf(issue.ast) ?? typeRule(issue.ast))
    case "Forbidden":
      return add("is not allowed")
  }
}

const toError = (error: ParseResult.ParseError): InvalidInputError => {
  const issues: Array<Issue> = []
  collect(error.issue, [], issues)
  return new InvalidInputError({ issues })
}

/** One broken rule. */
export const invalidInput = (path: string, rule: string) => new InvalidInputError({ issues: [{ path, rule }] })

/**
 * Decodes what a caller gave, or says which rule each field breaks. A field that nobody knows is an error, and so is an
 * object that is not plain.
 */
export const decodeInputEither = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema, { errors: "all", onExcessProperty: "error" })
  const look = lookOf(schema.ast)
  return (input: unknown): Either.Either<A, InvalidInputError> => {
    try {
      const issues: Array<Issue> = []
      look?.(input, [], addTo(issues))
      if (issues.length > 0) return Either.left(new InvalidInputError({ issues }))
      return Either.mapLeft(decode(input), toError)
    } catch {
      // A getter or a proxy of the caller's threw while it was read.
      return Either.left(invalidInput("", "cannot be read"))
    }
  }
}

/** Like {@link decodeInputEither}, when it is run. */
export const decodeInput = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = decodeInputEither(schema)
  return (input: unknown): Effect.Effect<A, InvalidInputError> => Effect.suspend(() => decode(input))
}

/** Like {@link decodeInput}, for a value that stands alone under a name: an id, a key's text. */
export const decodeValue = <A, I>(path: string, schema: Schema.Schema<A, I>) => {
  const decode = decodeInput(schema)
  return (input: unknown): Effect.Effect<A, InvalidInputError> =>
    Effect.mapError(
      decode(input),
      ({ issues }) =>
        new InvalidInputError({
          issues: issues.map((issue) => ({
            path: issue.path === "" ? path : `${path}.${issue.path}`,
            rule: issue.rule
          }))
        })
    )
}
