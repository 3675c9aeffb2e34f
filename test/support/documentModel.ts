/** A document store so simple that it can be checked by eye, and random operations to compare real ones with. */
import { assert } from "@effect/vitest"
import { EJSON } from "bson"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import type { Collection, Document, Index, Write } from "../../src/services/DocumentStore.ts"

/** Indexes of all kinds over the fields that occur. */
export const indexes: ReadonlyArray<Index> = [
  { fields: [["n", 1]] },
  { fields: [["t", -1]], sparse: true },
  { fields: [["n", 1], ["t", -1]] },
  { fields: [["l", 1], ["n", 1]] },
  { fields: [["d.x", 1]], partialFilter: { "d.x": { $gt: 2 } } }
]

const number = fc.integer({ min: 0, max: 6 })
const text = fc.constantFrom("a", "ab", "b", "c")
const scalar = fc.oneof(number, text, fc.constant(null))

const fields = fc.record({
  n: fc.oneof(number, text, fc.constant(null)),
  t: text,
  l: fc.array(number, { maxLength: 3 }),
  d: fc.record({ x: number })
}, { requiredKeys: [] })

const field = fc.constantFrom("n", "t", "l", "d.x")

const condition = fc.oneof(
  scalar,
  fc.record({ $gt: number }),
  fc.record({ $gte: number, $lt: number }),
  fc.record({ $lte: text }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() })
)

const simple = fc.oneof(
  fc.tuple(field, condition).map(([name, wanted]) => ({ [name]: wanted })),
  fc.record({ n: condition, t: condition }),
  fc.integer({ min: 0, max: 12 }).map((id) => ({ _id: id }))
)

const filter: fc.Arbitrary<Document> = fc.oneof(
  { arbitrary: simple, weight: 4 },
  fc.tuple(simple, simple).map(([a, b]) => ({ $or: [a, b] })),
  fc.tuple(simple, simple).map(([a, b]) => ({ $and: [a, b] }))
)

const update: fc.Arbitrary<Document> = fc.oneof(
  fc.record({
    $set: fc.record({ n: scalar, t: text }, { requiredKeys: [] }).filter((one) => Object.keys(one).length > 0)
  }),
  fc.record({ $unset: fc.record({ n: fc.constant("") }) }),
  fc.record({ $max: fc.record({ "d.x": number }) }),
  fc.record({ $push: fc.record({ l: number }) })
)

const write: fc.Arbitrary<Write> = fc.oneof(
  {
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 12 }), fields).map(([id, rest]) => ({
      insertOne: { document: { _id: id, ...rest } }
    })),
    weight: 4
  },
  fc.record({ filter, update }).map((one) => ({ updateMany: one })),
  fc.tuple(fc.integer({ min: 0, max: 12 }), fields).map(([id, replacement]) => ({
    replaceOne: { filter: { _id: id }, replacement }
  })),
  { arbitrary: filter.map((one) => ({ deleteMany: { filter: one } })), weight: 1 }
)

/** Does random writes on all collections, and compares each read with the model. */
export const check = (seed: number, collections: ReadonlyArray<Collection>) =>
  Effect.gen(function*() {
    const writes = fc.sample(write, { numRuns: 60, seed })
    const filters = fc.sample(filter, { numRuns: 60, seed: seed + 1_000 })
    const model = new Map<number, Document>()
    for (const [at, one] of writes.entries()) {
      apply(model, one)
      for (const collection of collections) yield* collection.bulkWrite([one])
      const wanted = filters[at]!
      const expected = shown([...model.values()].filter((document) => matches(document, wanted)))
      for (const collection of collections) {
        const found = yield* Stream.runCollect(collection.find(wanted, { sort: [["t", -1], ["_id", 1]] }))
        assert.deepStrictEqual(shown(found), expected, `seed ${seed}, write ${at}: ${EJSON.stringify({ one, wanted })}`)
        const everything = yield* Stream.runCollect(collection.find({}))
        assert.deepStrictEqual(shown(everything), shown([...model.values()]), `seed ${seed}: ${EJSON.stringify(one)}`)
      }
    }
  })

const shown = (documents: ReadonlyArray<Document>): ReadonlyArray<string> =>
  documents.map((document) =>
    EJSON.stringify(Object.fromEntries(Object.entries(document).sort(([a], [b]) => a < b ? -1 : 1)))
  ).sort()

/** The value at `n` or `d.x`. */
const at = (document: Document, name: string): unknown =>
  name.split(".").reduce<unknown>((inner, part) => (inner as Document | undefined)?.[part], document)

const matches = (document: Document, wanted: Document): boolean =>
  Object.entries(wanted).every(([name, condition]) => {
    if (name === "$or") return (condition as ReadonlyArray<Document>).some((one) => matches(document, one))
    if (name === "$and") return (condition as ReadonlyArray<Document>).every((one) => matches(document, one))
    return meets(at(document, name), condition)
  })

const meets = (value: unknown, condition: unknown): boolean => {
  const candidates = Array.isArray(value) ? value : [value]
  const isEqual = (wanted: unknown) => wanted === null ? value == null : candidates.includes(wanted)
  if (typeof condition !== "object" || condition === null) return isEqual(condition)
  return Object.entries(condition).every(([operator, wanted]) => {
    const some = (test: (one: string, other: string) => boolean) =>
      candidates.some((one) => one !== null && typeof one === typeof wanted && test(one as string, wanted as string))
    switch (operator) {
      case "$gt":
        return some((one, other) => one > other)
      case "$gte":
        return some((one, other) => one >= other)
      case "$lt":
        return some((one, other) => one < other)
      case "$lte":
        return some((one, other) => one <= other)
      case "$in":
        return (wanted as ReadonlyArray<unknown>).some(isEqual)
      case "$ne":
        return !isEqual(wanted)
      default:
        return (value !== undefined) === wanted
    }
  })
}

const apply = (model: Map<number, Document>, write: Write): void => {
  if ("insertOne" in write) {
    const id = write.insertOne.document["_id"] as number
    if (!model.has(id)) model.set(id, write.insertOne.document)
  }
  if ("replaceOne" in write) {
    const id = write.replaceOne.filter["_id"] as number
    if (model.has(id)) model.set(id, { _id: id, ...write.replaceOne.replacement })
  }
  if ("deleteMany" in write) {
    for (const [id, document] of model) if (matches(document, write.deleteMany.filter)) model.delete(id)
  }
  if ("updateMany" in write) {
    for (const [id, document] of model) {
      if (matches(document, write.updateMany.filter)) {
        model.set(id, updated(document, write.updateMany.update as Document))
      }
    }
  }
}

const updated = (document: Document, update: Document): Document => {
  const { $max, $push, $set, $unset } = update as { readonly [operator: string]: { readonly [name: string]: never } }
  const made: { [name: string]: unknown } = { ...document, ...$set }
  if ($unset !== undefined) delete made["n"]
  if ($push !== undefined) made["l"] = [...(document["l"] as ReadonlyArray<unknown> | undefined ?? []), $push["l"]]
  if ($max !== undefined) {
    const x = at(document, "d.x") as number | undefined
    made["d"] = { x: x === undefined || $max["d.x"]! > x ? $max["d.x"] : x }
  }
  return made
}
