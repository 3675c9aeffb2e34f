/**
 * A view of a collection in which documents are decoded and encoded by a Schema, so that what is in the store and what is not as
 * it should be is found at the boundary.
 *
 * Filters, updates and sorts name the fields as they are stored.
 */
import type * as Bson from "bson"
import { Effect, Option, Schema, SchemaIssue, Stream } from "effect"
import {
  type BulkOptions,
  type Collection,
  type Document,
  DocumentStoreError,
  type FindOptions
} from "../DocumentStore.ts"

export interface TypedCollection<A, RD = never, RE = never> {
  /** The collection below, for everything that has to do with no whole document: updates, deletes, counts, indexes. */
  readonly collection: Collection
  /** Answers with the `_id`. Fails with `Invalid` when the value cannot be encoded. */
  readonly insertOne: (value: A) => Effect.Effect<{ readonly insertedId: unknown }, DocumentStoreError, RE>
  /** Encodes all of them before the first one is sent. */
  readonly insertMany: (
    values: Iterable<A>,
    options?: BulkOptions
  ) => Effect.Effect<{ readonly insertedIds: ReadonlyArray<unknown> }, DocumentStoreError, RE>
  /** Emits what matches, decoded. Fails with `Invalid` at the first document that is not as the schema says. */
  readonly find: (
    filter?: Document,
    options?: Omit<FindOptions, "projection">
  ) => Stream.Stream<A, DocumentStoreError, RD>
  readonly findOne: (
    filter?: Document,
    options?: Omit<FindOptions, "projection">
  ) => Effect.Effect<Option.Option<A>, DocumentStoreError, RD>
  readonly replaceOne: (
    filter: Document,
    replacement: A,
    options?: { readonly upsert?: boolean | undefined }
  ) => Effect.Effect<
    { readonly matchedCount: number; readonly modifiedCount: number; readonly upsertedId?: unknown },
    DocumentStoreError,
    RE
  >
}

/** Makes the view. Fields that the schema does not name are left out of what is decoded. */
export const make = <A, I extends Document, RD, RE>(
  collection: Collection,
  schema: Schema.Codec<A, I, RD, RE>
): TypedCollection<A, RD, RE> => {
  const decoder = Schema.decodeUnknownEffect(schema, { errors: "all" })
  const encoder = Schema.encodeEffect(schema, { errors: "all" })

  const decode = (document: Document) =>
    Effect.mapError(
      decoder(document),
      ({ issue }) =>
        invalid(`${collection.name}: the document of _id ${shown(document["_id"])} is not as the schema says`, issue)
    )
  const encode = (value: A) =>
    Effect.mapError(
      encoder(value),
      ({ issue }) => invalid(`${collection.name}: the value cannot be encoded as the schema says`, issue)
    )

  return {
    collection,
    insertOne: (value) => Effect.flatMap(encode(value), (document) => collection.insertOne(document)),
    insertMany: (values, options) =>
      Effect.flatMap(Effect.forEach(values, encode), (documents) => collection.insertMany(documents, options)),
    find: (filter, options) => Stream.mapEffect(collection.find(filter, options), decode),
    findOne: (filter, options) =>
      Effect.flatMap(
        collection.findOne(filter, options),
        (found) => Option.isNone(found) ? Effect.succeedNone : Effect.asSome(decode(found.value))
      ),
    replaceOne: (filter, replacement, options) =>
      Effect.flatMap(encode(replacement), (document) => collection.replaceOne(filter, document, options))
  }
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Every field that is wrong, with why. */
const invalid = (what: string, issue: SchemaIssue.Issue): DocumentStoreError =>
  new DocumentStoreError({
    reason: "Invalid",
    message: `${what}: ${
      format(issue).issues.map(({ message, path }) => `${(path ?? []).map(String).join(".") || "it"}: ${message}`).join(
        "; "
      )
    }`,
    hint: "the document is older than the schema, or the schema names another kind"
  })

const shown = (id: unknown): string => typeof id === "string" ? JSON.stringify(id) : String(id)

/** Values of a kind of `bson`, by its name. They are not copied. */
const kind = <A>(name: string): Schema.Codec<A> =>
  Schema.declare(
    (value: unknown): value is A =>
      typeof value === "object" && value !== null && "_bsontype" in value && value._bsontype === name,
    {
      expected: name
    }
  )

/** An `ObjectId` of `bson`, as it is. */
export const ObjectId = kind<Bson.ObjectId>("ObjectId")
/** A `Decimal128` of `bson`, as it is: its text is exact. */
export const Decimal128 = kind<Bson.Decimal128>("Decimal128")
/** A `Binary` of `bson`, as it is. */
export const Binary = kind<Bson.Binary>("Binary")
/** A `Timestamp` of `bson`, as it is. */
export const Timestamp = kind<Bson.Timestamp>("Timestamp")
