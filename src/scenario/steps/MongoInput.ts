/** What a `mongo` step may say: one operation, and what goes with it. */
import { Schema } from "effect"
import { isArray, isRecord, type ValueRecord } from "../../core/Value.ts"
import * as Fields from "../Fields.ts"
import * as DataFile from "./DataFile.ts"

const { Document, Documents, optional } = Fields

/** Operators or a whole document; a list is a pipeline or many documents. */
const DocumentOrList = Schema.declare(
  (input: unknown): input is ValueRecord | ReadonlyArray<ValueRecord> =>
    isRecord(input) || isArray(input) && input.every(isRecord),
  { expected: "a map, or a list of maps", [Fields.fieldKind]: "document or documents" }
)

const direction = Schema.Union([Schema.Finite, Schema.String])

/** Fields and directions, first to last: `{ total: -1, name: 1 }`, or pairs where fields are numbers. */
const Order = Schema.Union([
  Schema.Record(Schema.String, direction),
  Schema.Array(Schema.Tuple([Schema.String, direction]))
])
export type Order = typeof Order.Type

const Index = Schema.Struct({
  fields: Order,
  name: Schema.optionalKey(Schema.String),
  unique: Schema.optionalKey(Fields.Flag),
  sparse: Schema.optionalKey(Fields.Flag),
  expire_after: Schema.optionalKey(Fields.Duration),
  partial: Schema.optionalKey(Document)
})
export type Index = typeof Index.Type

const which = { filter: Schema.optionalKey(Document), upsert: Schema.optionalKey(Fields.Flag) }
const updating = { ...which, array_filters: Schema.optionalKey(Documents) }
const Write = Schema.Union([
  Schema.Struct({ insert: Document }),
  Schema.Struct({ update_one: DocumentOrList, ...updating }),
  Schema.Struct({ update_many: DocumentOrList, ...updating }),
  Schema.Struct({ replace: Document, ...which }),
  Schema.Struct({ delete_one: Document }),
  Schema.Struct({ delete_many: Document })
])
export type Write = typeof Write.Type

const isTrue = Schema.Literal(true)

/** The operations on one collection. */
const onCollection = {
  insert: optional(DocumentOrList, "A document, or a list of them"),
  find: optional(Document, "The filter of the documents that are wanted; {} is all"),
  find_one: optional(Document, "The filter of the document that is wanted"),
  update_one: optional(DocumentOrList, "Operators such as { $set: ... }, or a pipeline, for the first match of filter"),
  update_many: optional(DocumentOrList, "The same for every match of filter"),
  replace: optional(Document, "The document that comes in place of the first match of filter"),
  delete_one: optional(Document, "The filter of the document to remove"),
  delete_many: optional(Document, "The filter of the documents to remove"),
  count: optional(Document, "The filter of the documents to count"),
  distinct: optional(Schema.String, "The field whose values are wanted, each once"),
  bulk: optional(
    Schema.Array(Write),
    "Many writes: { insert }, { update_one, filter, upsert }, { update_many, filter }, { replace, filter }, { delete_one }, { delete_many }"
  ),
  aggregate: optional(Documents, "The stages of a pipeline"),
  create_indexes: optional(
    Schema.Array(Index),
    "Indexes, made unless they are there: { fields: { sku: 1 }, name, unique, sparse, expire_after, partial }"
  ),
  list_indexes: optional(isTrue, "true: which indexes there are"),
  drop_index: optional(Schema.String, "The name of the index to remove"),
  explain: optional(Document, "The filter of a find: how it would be done"),
  drop: optional(isTrue, "true: remove the collection")
}

/** What goes with an operation. */
const beside = {
  filter: optional(
    Document,
    "Which documents update_one, update_many and replace change; {} is all. For distinct [default: all]"
  ),
  upsert: optional(Fields.Flag, "Insert a document when none matches [default: false]"),
  array_filters: optional(Documents, "Which items of lists an update changes"),
  projection: optional(Document, "Which fields are wanted"),
  sort: optional(Order, "Fields and directions, first to last: { total: -1, name: 1 }"),
  skip: optional(Fields.Int, "How many of the first documents are left out"),
  limit: optional(Fields.Int, "The most documents"),
  hint: optional(Schema.String, "The name of the index to use"),
  ordered: optional(Fields.Flag, "Writes one after the other, and none after one that fails [default: true]"),
  chunk_size: optional(Fields.Int, "Writes of one round trip [default: 1000]")
}

/** Where an operation works. */
const where = {
  collection: optional(Fields.Text, "The collection"),
  database: optional(Fields.Text, "Its database [default: that of the URL]")
}

/** One operation on a collection: what a step may hold, and each item of `transaction`. */
const One = Schema.Struct({ ...where, ...onCollection, ...beside })
export type One = typeof One.Type

export const Input = Schema.Struct({
  ...where,
  ...onCollection,
  watch: optional(
    Schema.Literals(["start", "next"]),
    "Changes: start keeps them from now on, next waits for the next one (and starts when nothing has)"
  ),
  transaction: optional(Schema.Array(One), "Operations of which all are done, or none"),
  insert_from: optional(
    Fields.Text,
    "A .json, .jsonl or .csv file of any size whose documents are inserted, 1,000 at a time; those before one that is refused stay"
  ),
  collections: optional(isTrue, "true: the names of the collections"),
  health: optional(isTrue, "true: how the server is"),
  ...beside,
  into: optional(
    Fields.Text,
    "With find and aggregate: a .json, .jsonl or .csv file that takes the documents as they come, however many; `documents` stays empty"
  ),
  pipeline: optional(Documents, "Stages over the changes of watch: [{ $match: { ... } }]"),
  full_document: optional(Fields.Flag, "With watch: also what an updated document is now [default: false]"),
  changes: optional(Fields.Int, "How many changes watch waits for [default: 1]"),
  timeout: optional(Fields.Duration, "The longest time for the operation [default: none; 10s for watch]"),
  url: optional(
    Fields.Connection,
    "Where the store is: mongodb://..., embedded:, embedded:name, embedded:./folder, or the name of a connection [default: mongo.url of skein.yaml, else embedded:]"
  ),
  any_write: optional(Schema.Boolean, "Set when the step judges what became of the writes itself")
})

/** All that a step may hold. */
export type Whole = typeof Input.Type

export type Operation = keyof typeof onCollection
const operations = Object.keys(onCollection) as ReadonlyArray<Operation>
const all = [...operations, "watch", "insert_from", "transaction", "collections", "health"]

/** The operation that an input is about. */
export const operationOf = (input: One): Operation => operations.find((name) => input[name] !== undefined)!

const companions: Readonly<Record<string, ReadonlyArray<string>>> = {
  filter: ["update_one", "update_many", "replace", "distinct"],
  upsert: ["update_one", "update_many", "replace"],
  array_filters: ["update_one", "update_many"],
  projection: ["find", "find_one", "explain"],
  sort: ["find", "find_one", "explain"],
  skip: ["find", "find_one", "explain", "count"],
  limit: ["find", "explain", "count"],
  hint: ["find", "find_one", "explain"],
  ordered: ["bulk", "insert", "insert_from"],
  chunk_size: ["bulk", "insert", "insert_from"],
  into: ["find", "aggregate"],
  pipeline: ["watch"],
  full_document: ["watch"],
  changes: ["watch"]
}

/** What does not fit together. */
export const problems = (present: ReadonlySet<string>, constants: ValueRecord): ReadonlyArray<string> => {
  const found = problemsOf(present, all)
  const items = constants["transaction"]
  return [
    ...found,
    ...DataFile.problems(constants["into"]),
    ...DataFile.problems(constants["insert_from"]),
    ...isArray(items)
      ? items.flatMap((item, at) =>
        problemsOf(new Set(isRecord(item) ? Object.keys(item) : []), operations).map((text) =>
          `transaction.${at}: ${text}`
        )
      )
      : []
  ]
}

const problemsOf = (present: ReadonlySet<string>, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [operation, ...more] = known.filter((name) => present.has(name))
  if (operation === undefined) return [`give one of ${known.join(", ")}`]
  if (more.length > 0) return [`give only one of ${[operation, ...more].join(" and ")}`]
  const collection = Object.hasOwn(onCollection, operation) || operation === "watch" || operation === "insert_from"
  return [
    ...collection && !present.has("collection") ? [`${operation} needs collection`] : [],
    // One that was forgotten would change other documents than were meant.
    ...changing.includes(operation) && !present.has("filter")
      ? [`${operation} needs filter; {} means every document`]
      : [],
    ...Object.entries(companions).flatMap(([name, belongs]) =>
      present.has(name) && !belongs.includes(operation) ? [`${name} belongs to ${belongs.join(", ")}`] : []
    )
  ]
}

const changing: ReadonlyArray<string> = ["update_one", "update_many", "replace"]
const reading = ["find", "find_one", "count", "distinct", "list_indexes", "explain", "collections", "health"]

/** Steps that only look can run beside others. A pipeline may write at its end. */
export const effectOf = (constants: ValueRecord, present: ReadonlySet<string> = new Set()): "read" | "write" => {
  const { aggregate } = constants
  const onlyLooks = isArray(aggregate) &&
    !aggregate.some((stage) => isRecord(stage) && ("$out" in stage || "$merge" in stage))
  if (present.has("into")) return "write"
  return onlyLooks || reading.some((name) => present.has(name)) ? "read" : "write"
}
