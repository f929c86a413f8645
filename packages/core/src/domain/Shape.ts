import { ParseResult, Schema, SchemaAST } from "effect"
import { isPlainObject } from "./PlainObject.js"
import { maxItemsOf } from "./Rule.js"

type Path = ReadonlyArray<PropertyKey>

type Add = (path: Path, words: string) => void

/** Looks at a value, and at what it holds, before any of it is decoded; `false` where the value is of another kind. */
type Look = (value: unknown, path: Path, add: Add) => boolean

/** Far more than any object of this library has members, or any list of metadata items; few enough to be read at once. */
const most = 10_000

const lookAtObject = (ast: SchemaAST.TypeLiteral): Look => {
  const looks = ast.propertySignatures.flatMap(({ name, type }) => {
    const look = lookOf(type)
    return look === null ? [] : [[name, look] as const]
  })
  const ofAnyName = ast.indexSignatures.flatMap(({ type }) => lookOf(type) ?? [])
  const lookInside = (value: object, path: Path, add: Add): void => {
    for (const [name, look] of looks) {
      if (Object.hasOwn(value, name)) look(Reflect.get(value, name), [...path, name], add)
    }
    if (ofAnyName.length === 0) return
    for (const [name, member] of Object.entries(value)) for (const look of ofAnyName) look(member, [...path, name], add)
  }
  return (value, path, add) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false
    if (!isPlainObject(value)) add(path, "is not a plain object")
    else if (Reflect.ownKeys(value).length > most) add(path, `has over ${most} members`)
    else lookInside(value, path, add)
    return true
  }
}

const lookAtList = (ast: SchemaAST.TupleType): Look => {
  const bound = maxItemsOf(ast) ?? { length: most, words: `has over ${most} items` }
  const looks = [...ast.elements, ...ast.rest].map(({ type }) => lookOf(type))
  return (value, path, add) => {
    if (!Array.isArray(value)) return false
    if (value.length > bound.length) add(path, bound.words)
    else if (looks.some((look) => look !== null)) {
      for (let i = 0; i < value.length; i++) looks[Math.min(i, looks.length - 1)]?.(value[i], [...path, i], add)
    }
    return true
  }
}

/** Of those members whose kind a value is, one has to find nothing; where all find something, the first one tells. */
const lookAtUnion = ({ types }: SchemaAST.Union): Look | null => {
  const looks = types.flatMap((type) => lookOf(type) ?? [])
  if (looks.length === 0) return null
  const others = types
    .filter((type) => lookOf(type) === null)
    .map((type) => ParseResult.is(Schema.make(SchemaAST.encodedAST(type))))
  return (value, path, add) => {
    if (typeof value !== "object" || value === null) return false
    if (others.some((is) => is(value))) return true
    const found = looks.flatMap((look) => {
      const issues: Array<Parameters<Add>> = []
      return look(value, path, (...issue) => issues.push(issue)) ? [issues] : []
    })
    if (found.every((issues) => issues.length > 0)) for (const issue of found[0] ?? []) add(...issue)
    return found.length > 0
  }
}

/**
 * What has to hold of an input before a schema reads it: that its objects are plain, since of others the schema would see
 * their own members alone, and that nothing is larger than anybody needs, since the schema reads all of it. `null` for a
 * schema of neither objects nor lists.
 */
export const lookOf = (ast: SchemaAST.AST): Look | null => {
  switch (ast._tag) {
    case "TypeLiteral":
      return lookAtObject(ast)
    case "TupleType":
      return lookAtList(ast)
    case "Union":
      return lookAtUnion(ast)
    case "Refinement":
    case "Transformation":
      return lookOf(ast.from)
    case "Suspend":
      // A schema that holds itself would be looked at for ever here; what is given ends.
      return (value, path, add) => lookOf(ast.f())?.(value, path, add) ?? false
    default:
      return null
  }
}
