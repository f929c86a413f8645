import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { assertFails, assertSame, type ContractTest, idsOf } from "./contract.js"
import { uniqueName } from "./fixtures.js"
import type { NamedKind } from "./namedStore.js"

/** Names that some database or other takes for equal. None ends in a space, since names are trimmed. */
const confusable = [
  "resume",
  "Resume",
  "RESUME",
  "r\u00e9sum\u00e9",
  "re\u0301sume\u0301",
  "r\u00e9sume",
  "strasse",
  "straße",
  "i",
  "I",
  "ı",
  "İ",
  "fi",
  "ﬁ",
  "\u00c5",
  "\u212b",
  "A\u030a",
  "a b",
  "a  b",
  "a\u00a0b",
  "ab",
  "a\u200bb",
  "a\u200db",
  "😀",
  "😃",
  "👩‍💻",
  "か",
  "が",
  "カ",
  "1",
  "１",
  "1.0",
  "null",
  "%",
  "_",
  "\\",
  "\\\\",
  "'; drop table apikeys_keys; --",
  '"x"',
  "`x`",
  "$1",
  "?",
  "\u{10ffff}",
  "line\nbreak",
  "tab\tstop"
]

/** 255 code points of 4 bytes each: the longest name, in code points, UTF-16 and bytes. */
const longest = (last: string): string => {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(254)), (byte) => String.fromCodePoint(0x1f300 + byte))
  return random.join("") + last
}

/** What organizations, projects and products promise of their names. */
export const nameContract = (test: ContractTest, { entity, open }: NamedKind): void => {
  test("tells names apart that differ in case, accents, normalisation or a look-alike", () =>
    Effect.gen(function* () {
      const store = yield* open
      const head = crypto.randomUUID()
      const entities = confusable.map((name) => store.make({ name: `${head} ${name}` }))
      yield* Effect.forEach(entities, store.insert, { discard: true })
      for (const each of entities) {
        const found = Option.getOrThrow(yield* store.findByName(each.name))
        assertSame(found, each)
        yield* assertFails(store.insert(store.make({ name: each.name })), {
          _tag: "AlreadyExistsError",
          existingName: each.name,
          existingId: each.id
        })
      }
    }))

  test("keeps names of 255 code points of 4 bytes, and tells them apart by the last", () =>
    Effect.gen(function* () {
      const store = yield* open
      const name = longest("🌍")
      const sibling = `${name.slice(0, -2)}🌎`
      const [one, other] = [store.make({ name }), store.make({ name: sibling })]
      yield* store.insert(one)
      assert.isTrue(Option.isNone(yield* store.findByName(sibling)))
      yield* store.insert(other)
      assertSame(Option.getOrThrow(yield* store.findByName(name)), one)
      assertSame(Option.getOrThrow(yield* store.find(other.id)), other)
    }))

  test("refuses a name that is taken, with its holder", () =>
    Effect.gen(function* () {
      const store = yield* open
      const holder = store.make()
      yield* store.insert(holder)
      const late = store.make({ name: holder.name })
      yield* assertFails(store.insert(late), {
        _tag: "AlreadyExistsError",
        entity,
        existingName: holder.name,
        existingId: holder.id
      })
      assert.isTrue(Option.isNone(yield* store.find(late.id)))
    }))

  test("renames, and frees the old name", () =>
    Effect.gen(function* () {
      const store = yield* open
      const one = store.make()
      yield* store.insert(one)
      const name = uniqueName("Renamed")
      assertSame(yield* store.rename(one.id, name), { ...one, name })
      assertSame(Option.getOrThrow(yield* store.find(one.id)), { ...one, name })
      assert.deepStrictEqual(idsOf([Option.getOrThrow(yield* store.findByName(name))]), [one.id])
      assert.isTrue(Option.isNone(yield* store.findByName(one.name)))
      yield* store.insert(store.make({ name: one.name }))
    }))

  test("renames to the name it has, and to another case of it", () =>
    Effect.gen(function* () {
      const store = yield* open
      const one = store.make()
      yield* store.insert(one)
      assertSame(yield* store.rename(one.id, one.name), one)
      const upper = one.name.toUpperCase()
      assertSame(yield* store.rename(one.id, upper), { ...one, name: upper })
      assert.isTrue(Option.isNone(yield* store.findByName(one.name)))
    }))

  test("refuses to rename to a name that is taken, or what is not there", () =>
    Effect.gen(function* () {
      const store = yield* open
      const [one, holder] = [store.make(), store.make()]
      yield* Effect.forEach([one, holder], store.insert)
      yield* assertFails(store.rename(one.id, holder.name), {
        _tag: "AlreadyExistsError",
        entity,
        existingName: holder.name,
        existingId: holder.id
      })
      assertSame(Option.getOrThrow(yield* store.find(one.id)), one)
      const id = store.absentId()
      yield* assertFails(store.rename(id, uniqueName()), { _tag: "NotFoundError", entity, id })
      yield* assertFails(store.rename(id, holder.name), { _tag: "NotFoundError", entity, id })
    }))

  test("finds nothing under an id or a name that it never saw", () =>
    Effect.gen(function* () {
      const store = yield* open
      assert.isTrue(Option.isNone(yield* store.find(store.absentId())))
      assert.isTrue(Option.isNone(yield* store.findByName(uniqueName())))
    }))

  test("frees the name of what is deleted, and finds it no more", () =>
    Effect.gen(function* () {
      const store = yield* open
      const one = store.make()
      yield* store.insert(one)
      yield* store.delete(one.id)
      assert.isTrue(Option.isNone(yield* store.find(one.id)))
      assert.isTrue(Option.isNone(yield* store.findByName(one.name)))
      yield* assertFails(store.delete(one.id), { _tag: "NotFoundError", entity, id: one.id })
      yield* store.insert(store.make({ name: one.name }))
    }))
}
