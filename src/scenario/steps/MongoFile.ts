/** Documents of a `mongo` step that go through a file, as they come: any number of them. */
import { Effect, type FileSystem, type Path, Stream } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type * as DocumentStore from "../../services/DocumentStore.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as DataFile from "./DataFile.ts"
import type * as MongoInput from "./MongoInput.ts"
import * as MongoOperation from "./MongoOperation.ts"
import * as MongoStep from "./MongoStep.ts"
import * as Operation from "./Operation.ts"

type Machine = FileSystem.FileSystem | Path.Path

/** Documents that are inserted at a time. */
const usualChunk = 1_000

/** Puts what `find` or `aggregate` gives into the file of `into`; the answer holds none of it. */
export const into = Effect.fnUntraced(function*(
  client: DocumentStore.DocumentClient,
  input: MongoInput.Whole,
  path: string,
  context: ActionContext
): Effect.fn.Return<ValueRecord, ActionError, Machine> {
  const bson = yield* MongoStep.codec
  const found = yield* Effect.mapError(
    MongoOperation.found(MongoStep.collectionOf(client, input), input, bson),
    MongoStep.asActionError
  )
  const documents = found.pipe(Stream.map(bson.fromBson), Stream.mapError(MongoStep.asActionError))
  const written = Effect.map(
    DataFile.write(path, documents, context),
    (done): ValueRecord => ({ ...done, documents: [], document: null, file_path: path })
  )
  const operation = input.find === undefined ? "aggregate" : "find"
  return yield* Operation.kept(written, about(input, operation, { into: path }), context)
})

/** Inserts the documents of a file, a thousand at a time; those before one that is refused stay. */
export const insertFrom = Effect.fnUntraced(function*(
  client: DocumentStore.DocumentClient,
  input: MongoInput.Whole,
  path: string,
  context: ActionContext
): Effect.fn.Return<ValueRecord, ActionError, Machine> {
  const bson = yield* MongoStep.codec
  const collection = MongoStep.collectionOf(client, input)
  const size = input.chunk_size ?? usualChunk
  let inserted = 0
  const insert = (items: ReadonlyArray<Value>) =>
    Effect.flatMap(documentsOf(items, inserted, bson), (documents) =>
      Effect.mapError(
        collection.insertMany(documents, { ordered: input.ordered, chunkSize: size }),
        MongoStep.asActionError
      )).pipe(Effect.map(({ insertedIds }) => void (inserted += insertedIds.length)))
  const all = DataFile.read(path, context).pipe(Stream.grouped(size), Stream.runForEach(insert)).pipe(
    Effect.mapError((error) =>
      new ActionError({
        ...error,
        message: `${error.message}; at least ${inserted} documents of ${JSON.stringify(path)} are in`
      })
    ),
    Effect.map((): ValueRecord => ({ inserted_count: inserted, count: inserted }))
  )
  return yield* Operation.kept(all, about(input, "insert_from", { insert_from: path }), context)
})

const about = (input: MongoInput.Whole, operation: string, sent: ValueRecord) => ({
  service: MongoStep.family.name,
  operation,
  target: input.collection ?? "",
  sent,
  received: (answer: ValueRecord) => answer
})

const documentsOf = (
  items: ReadonlyArray<Value>,
  before: number,
  bson: MongoOperation.Codec
): Effect.Effect<ReadonlyArray<DocumentStore.Document>, ActionError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(
        items.map((item, at) => bson.toBson(item, [String(before + at + 1)]) as DocumentStore.Document)
      )
    } catch (error) {
      if (!(error instanceof bson.NotBson)) throw error
      return new ActionError({
        reason: "Invalid",
        message: `mongo: document ${error.path.join(".")}: ${error.message}`
      })
    }
  })
