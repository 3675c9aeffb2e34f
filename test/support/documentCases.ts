/** Filters and updates with what they mean, as MongoDB has it. */
import { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from "bson"
import type { Document, Update, UpdateOptions } from "../../src/services/DocumentStore.ts"

export const someId = new ObjectId("65a000000000000000000001")
export const day = new Date("2024-02-29T12:00:00Z")

/** The documents that {@link filters} are about. */
export const zoo: ReadonlyArray<Document> = [
  { _id: "int", v: 5 },
  { _id: "long", v: Long.fromNumber(5) },
  { _id: "double", v: 5.5 },
  { _id: "decimal", v: Decimal128.fromString("5.50") },
  { _id: "big", v: 2n ** 60n },
  { _id: "text", v: "five" },
  { _id: "null", v: null },
  { _id: "none" },
  { _id: "true", v: true },
  { _id: "date", v: day },
  { _id: "oid", v: someId },
  { _id: "bytes", v: new Binary(new Uint8Array([1, 2])) },
  { _id: "list", v: [1, 5, 9] },
  { _id: "empty", v: [] },
  { _id: "nested", v: [[1, 5]] },
  { _id: "doc", v: { x: 1, y: 2 } },
  { _id: "docs", v: [{ x: 1, y: 2 }, { x: 3 }] },
  { _id: "time", v: new Timestamp({ t: 5, i: 1 }) },
  { _id: "pattern", v: /^f/i },
  { _id: "low", v: new MinKey() },
  { _id: "high", v: new MaxKey() }
]

export const filters: ReadonlyArray<readonly [filter: Document, ids: ReadonlyArray<string>, because: string]> = [
  [{ v: 5 }, ["int", "list", "long"], "numbers are equal whatever their kind, and lists have elements"],
  [{ v: Long.fromNumber(5) }, ["int", "list", "long"], "the other way round too"],
  [{ v: 5.5 }, ["decimal", "double"], "a decimal is equal to a double of the same value"],
  [{ v: Decimal128.fromString("5.5") }, ["decimal", "double"], "scale does not count"],
  [{ v: 2n ** 60n }, ["big"], "an int64 is exact"],
  [{ v: 2n ** 60n + 1n }, [], "to the last digit"],
  [{ v: "five" }, ["text"], "text"],
  [{ v: null }, ["none", "null"], "null is also what is missing"],
  [{ v: true }, ["true"], "true is not 1"],
  [{ v: day }, ["date"], "dates"],
  [{ v: someId }, ["oid"], "ObjectIds by value"],
  [{ v: new Binary(new Uint8Array([1, 2])) }, ["bytes"], "bytes by value"],
  [{ v: [1, 5, 9] }, ["list"], "a whole list"],
  [{ v: [1, 5] }, ["nested"], "a list as an element"],
  [{ v: [] }, ["empty"], "the empty list"],
  [{ v: { x: 1, y: 2 } }, ["doc", "docs"], "whole documents"],
  [{ v: { y: 2, x: 1 } }, [], "with their fields in this order"],
  [{ "v.x": 1 }, ["doc", "docs"], "fields inside, through lists"],
  [{ "v.0": 1 }, ["list", "nested"], "elements by number, which may be lists"],
  [{ "v.1.x": 3 }, ["docs"], "and inside of them"],
  [{ "v.0.1": 5 }, ["nested"], "also of lists in lists"],
  [{ v: { $gt: 5 } }, ["big", "decimal", "double", "list"], "greater: only numbers with numbers"],
  [{ v: { $gte: 5, $lt: 5.5 } }, ["int", "list", "long"], "a range; elements may meet one bound each"],
  [{ v: { $lte: "five" } }, ["text"], "text with text"],
  [{ v: { $gte: day } }, ["date"], "dates with dates"],
  [{ v: { $gt: null } }, [], "nothing is greater than null"],
  [{ v: { $gte: null } }, ["none", "null"], "but null is at least null"],
  [{ v: { $lt: { x: 2 } } }, ["doc", "docs"], "documents with documents"],
  [
    { v: { $gt: new MinKey() } },
    zoo.flatMap(({ _id: id }) => id === "low" || id === "none" ? [] : [String(id)]).sort(),
    "everything is after MinKey"
  ],
  [
    { v: { $ne: 5 } },
    zoo.flatMap(({ _id: id }) => ["int", "long", "list"].includes(String(id)) ? [] : [String(id)]).sort(),
    "$ne also finds what is missing"
  ],
  [{ v: { $in: [5, "five", null] } }, ["int", "list", "long", "none", "null", "text"], "$in"],
  [{ v: { $in: [/^fi/] } }, ["text"], "$in with a pattern"],
  [{ v: { $nin: [5, null] }, _id: { $in: ["int", "none", "text"] } }, ["text"], "$nin"],
  [{ v: { $exists: false } }, ["none"], "null exists"],
  [{ "v.y": { $exists: true } }, ["doc", "docs"], "$exists inside"],
  [{ v: { $type: "number" } }, ["big", "decimal", "double", "int", "list", "long"], "$type number"],
  [{ v: { $type: ["long", "decimal"] } }, ["big", "decimal", "long"], "$type of several"],
  [{ v: { $type: 4 } }, ["docs", "empty", "list", "nested"], "$type by number"],
  [{ v: { $type: "objectId" } }, ["oid"], "$type objectId"],
  [{ v: { $type: "binData" } }, ["bytes"], "$type binData"],
  [{ v: { $mod: [4, 1] } }, ["decimal", "double", "int", "list", "long"], "$mod cuts fractions off"],
  [{ v: /^F/i }, ["pattern", "text"].filter((id) => id === "text"), "a pattern"],
  [{ v: { $regex: "^F", $options: "i" } }, ["text"], "a pattern as text"],
  [{ v: /^f/i }, ["pattern", "text"], "a pattern finds itself"],
  [{ v: { $not: { $gt: 5 } }, _id: { $in: ["int", "big", "none"] } }, ["int", "none"], "$not"],
  [{ v: { $not: /^f/ }, _id: { $in: ["text", "int"] } }, ["int"], "$not of a pattern"],
  [{ v: { $size: 3 } }, ["list"], "$size"],
  [{ v: { $all: [1, 9] } }, ["list"], "$all"],
  [{ v: { $all: [{ $elemMatch: { x: 1 } }, { $elemMatch: { x: 3 } }] } }, ["docs"], "$all of $elemMatch"],
  [{ v: { $elemMatch: { $gt: 5, $lt: 10 } } }, ["list"], "$elemMatch: one element meets all"],
  [{ v: { $elemMatch: { x: 3, y: 2 } } }, [], "and no two together"],
  [{ "v.x": 3, "v.y": 2 }, ["docs"], "as they do without"],
  [{ v: { $bitsAllSet: [0, 2] } }, ["int", "list", "long"], "$bitsAllSet"],
  [{ $or: [{ v: "five" }, { v: true }] }, ["text", "true"], "$or"],
  [{ $and: [{ v: 5 }, { v: 9 }] }, ["list"], "$and"],
  [{ $nor: [{ v: { $exists: true } }] }, ["none"], "$nor"],
  [{ $expr: { $eq: ["$v", "five"] } }, ["text"], "$expr"],
  [{ _id: { $gte: "o" } }, ["oid", "pattern", "text", "time", "true"], "ranges of _id"]
]

/** A document, an update of it, and what it becomes; or a word of the error. */
export const updates: ReadonlyArray<
  readonly [before: Document, update: Update, after: Document | RegExp, options?: UpdateOptions & { filter?: Document }]
> = [
  [{ a: 1 }, { $set: { a: 2, b: { c: 1 } } }, { a: 2, b: { c: 1 } }],
  [{ a: { b: 1, c: 2 } }, { $set: { "a.b": 5, "a.d.e": 6 } }, { a: { b: 5, c: 2, d: { e: 6 } } }],
  [{}, { $set: { b: 1, a: 2 } }, { a: 2, b: 1 }],
  [{ l: [1, 2] }, { $set: { "l.1": 9, "l.3": 7 } }, { l: [1, 9, null, 7] }],
  [{ l: [{ x: 1 }] }, { $set: { "l.0.x": 2 } }, { l: [{ x: 2 }] }],
  [{ a: 1 }, { $set: { "a.b": 2 } }, /cannot create/i],
  [{ a: 1 }, { $set: { a: 1, "a.b": 2 } }, /conflict/],
  [{ a: 1, b: 2 }, { $unset: { a: "", c: "" } }, { b: 2 }],
  [{ l: [1, 2, 3] }, { $unset: { "l.1": "" } }, { l: [1, null, 3] }],
  [{ n: 1 }, { $inc: { n: 2, m: 5 } }, { n: 3, m: 5 }],
  [{ n: 1 }, { $inc: { n: 0.5 } }, { n: 1.5 }],
  [{ n: 10n }, { $inc: { n: 1 } }, { n: 11n }],
  [{ n: 2147483647 }, { $inc: { n: 1 } }, { n: 2147483648n }],
  [{ n: Decimal128.fromString("0.10") }, { $inc: { n: Decimal128.fromString("0.20") } }, {
    n: Decimal128.fromString("0.30")
  }],
  [{ n: "one" }, { $inc: { n: 1 } }, /non-numeric|no number/],
  [{ n: 3 }, { $mul: { n: 2, m: 2 } }, { n: 6, m: 0 }],
  [{ n: new Double(3) }, { $mul: { n: 1.5 } }, { n: 4.5 }],
  [{ n: 5, m: 5 }, { $min: { n: 3 }, $max: { m: 9, k: 1 } }, { n: 3, m: 9, k: 1 }],
  [{ n: 5, m: 5 }, { $min: { n: 8 }, $max: { m: 1 } }, { n: 5, m: 5 }],
  [{ a: 1, c: { d: 2 } }, { $rename: { a: "z", "c.d": "c.e" } }, { c: { e: 2 }, z: 1 }],
  [{ n: 5 }, { $bit: { n: { and: 6 } } }, { n: 4 }],
  [{ n: 5 }, { $bit: { n: { or: 2, xor: 1 } } }, { n: 6 }],
  [{ n: 5 }, { $setOnInsert: { m: 1 } }, { n: 5 }],
  [{ l: [1] }, { $push: { l: 2, m: 1 } }, { l: [1, 2], m: [1] }],
  [{ l: [1, 5] }, { $push: { l: { $each: [3, 4], $position: 1 } } }, { l: [1, 3, 4, 5] }],
  [{ l: [1, 5] }, { $push: { l: { $each: [3], $sort: -1, $slice: 2 } } }, { l: [5, 3] }],
  [{ l: [{ s: 3 }, { s: 1 }] }, { $push: { l: { $each: [{ s: 2 }], $sort: { s: 1 }, $slice: -2 } } }, {
    l: [{ s: 2 }, { s: 3 }]
  }],
  [{ l: 5 }, { $push: { l: 1 } }, /array|list/],
  [{ l: [1, 2] }, { $addToSet: { l: 2 } }, { l: [1, 2] }],
  [{ l: [1, { x: 1 }] }, { $addToSet: { l: { $each: [{ x: 1 }, 3, 3] } } }, { l: [1, { x: 1 }, 3] }],
  [{ l: [1, 2, 3] }, { $pop: { l: 1 } }, { l: [1, 2] }],
  [{ l: [1, 2, 3] }, { $pop: { l: -1 } }, { l: [2, 3] }],
  [{ l: [1, 5, 3, 8] }, { $pull: { l: { $gte: 5 } } }, { l: [1, 3] }],
  [{ l: [{ x: 1, y: 1 }, { x: 2 }] }, { $pull: { l: { x: 1 } } }, { l: [{ x: 2 }] }],
  [{ l: ["ab", "cd"] }, { $pull: { l: /^a/ } }, { l: ["cd"] }],
  [{ l: [1, 2, 1] }, { $pullAll: { l: [1] } }, { l: [2] }],
  [{ l: [1, 5, 8] }, { $set: { "l.$": 9 } }, { l: [1, 9, 8] }, { filter: { l: { $gte: 5 } } }],
  [{ l: [{ x: 1 }, { x: 2 }] }, { $inc: { "l.$.n": 1 } }, { l: [{ x: 1 }, { x: 2, n: 1 }] }, { filter: { "l.x": 2 } }],
  [{ l: [1, 2] }, { $inc: { "l.$[]": 10 } }, { l: [11, 12] }],
  [{ l: [{ x: 1 }, { x: 5 }] }, { $set: { "l.$[big].y": 0 } }, { l: [{ x: 1 }, { x: 5, y: 0 }] }, {
    arrayFilters: [{ "big.x": { $gt: 3 } }]
  }],
  [{ l: [{ m: [1, 2] }, { m: [3] }] }, { $mul: { "l.$[].m.$[odd]": 10 } }, { l: [{ m: [10, 2] }, { m: [30] }] }, {
    arrayFilters: [{ odd: { $mod: [2, 1] } }]
  }],
  [{ a: 2, b: 3 }, [{ $set: { sum: { $add: ["$a", "$b"] } } }, { $unset: "a" }], { b: 3, sum: 5 }],
  [{ a: 1 }, { $nope: { a: 1 } }, /nope/],
  [{ a: 1 }, { $set: { _id: "other" } }, /_id/]
]
