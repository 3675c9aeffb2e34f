/** Commands of the wire server that write documents. */
import { Effect } from "effect"
import type {
  BulkResult,
  Document,
  DocumentStoreError,
  Update,
  UpdateOptions,
  Write
} from "../../../services/DocumentStore.ts"
import type { FindAndModify } from "../documents/DocumentEngine.ts"
import { type Call, collectionOf, type Command, filterOf, refuse, sortOf } from "./MongoWireCall.ts"
import { failure, isDocument, numberOf, unsupported, writeError } from "./MongoWireReply.ts"

export const insert: Command = Effect.fnUntraced(function*(call) {
  const documents = yield* listOf(call, "documents")
  const result = yield* write(call, documents.map((document): Write => ({ insertOne: { document } })))
  return { n: result.insertedCount, ...errorsOf(result), ok: 1 }
})

export const update: Command = Effect.fnUntraced(function*(call) {
  const updates = yield* listOf(call, "updates")
  const result = yield* write(call, yield* Effect.forEach(updates, updateOf))
  const upserted = result.items.flatMap((item, index) =>
    item.status === "done" && item.upsertedId !== undefined ? [{ index, _id: item.upsertedId }] : []
  )
  return {
    n: result.matchedCount + result.upsertedCount,
    nModified: result.modifiedCount,
    ...(upserted.length === 0 ? {} : { upserted }),
    ...errorsOf(result),
    ok: 1
  }
})

export const remove: Command = Effect.fnUntraced(function*(call) {
  const deletes = yield* listOf(call, "deletes")
  const result = yield* write(call, yield* Effect.forEach(deletes, deleteOf))
  return { n: result.deletedCount, ...errorsOf(result), ok: 1 }
})

const write = Effect.fnUntraced(function*(
  call: Call,
  writes: ReadonlyArray<Write>
): Effect.fn.Return<BulkResult, DocumentStoreError> {
  const collection = yield* collectionOf(call)
  return yield* collection.write(writes, { ordered: call.command["ordered"] !== false, ...call.within })
})

const errorsOf = ({ items }: BulkResult): Document => {
  const writeErrors = items.flatMap((item, index) => item.status === "failed" ? [writeError(item.error, index)] : [])
  return writeErrors.length === 0 ? {} : { writeErrors }
}

/** The writes of a command. */
const listOf = ({ command, name }: Call, field: string): Effect.Effect<ReadonlyArray<Document>, DocumentStoreError> => {
  const list = command[field]
  return Array.isArray(list) && list.length > 0 && list.every(isDocument)
    ? Effect.succeed(list)
    : Effect.fail(failure("BadValue", `${name} needs ${field}: a list of documents`))
}

const updateOf = Effect.fnUntraced(function*(statement: Document): Effect.fn.Return<Write, DocumentStoreError> {
  yield* refuseIn(statement, "collation", "sort", "c")
  const filter = yield* filterOf(statement["q"])
  const change = statement["u"]
  const options = {
    upsert: statement["upsert"] === true,
    ...(Array.isArray(statement["arrayFilters"]) ? { arrayFilters: statement["arrayFilters"] } : {})
  } satisfies UpdateOptions
  if (isUpdate(change)) {
    const one = { filter, update: change, ...options }
    return statement["multi"] === true ? { updateMany: one } : { updateOne: one }
  }
  if (!isDocument(change)) return yield* failure("FailedToParse", "an update needs u: a document or a pipeline")
  if (statement["multi"] === true) return yield* failure("FailedToParse", "multi update is not for replacements")
  return { replaceOne: { filter, replacement: change, upsert: options.upsert } }
})

const deleteOf = Effect.fnUntraced(function*(statement: Document): Effect.fn.Return<Write, DocumentStoreError> {
  yield* refuseIn(statement, "collation")
  const filter = yield* filterOf(statement["q"])
  return numberOf(statement["limit"], 0) === 1 ? { deleteOne: { filter } } : { deleteMany: { filter } }
})

const refuseIn = (statement: Document, ...fields: ReadonlyArray<string>) => {
  const field = fields.find((field) => statement[field] !== undefined)
  return field === undefined ? Effect.void : Effect.fail(unsupported(`${field} of a write`))
}

/** Operators or a pipeline; anything else replaces. */
const isUpdate = (change: unknown): change is Update =>
  Array.isArray(change) || isDocument(change) && Object.keys(change)[0]?.startsWith("$") === true

export const findAndModify: Command = Effect.fnUntraced(function*(call) {
  const { command, within } = call
  yield* refuse(call, "collation", "let")
  const collection = yield* collectionOf(call)
  const change = yield* changeOf(command)
  const { document, upsertedId } = yield* collection.findAndModify({
    filter: yield* filterOf(command["query"]),
    sort: yield* sortOf(command["sort"]),
    projection: command["fields"] as Document | undefined,
    change,
    upsert: command["upsert"] === true,
    answer: command["new"] === true ? "after" : "before",
    ...within
  })
  const found = document !== undefined && upsertedId === undefined
  return {
    lastErrorObject: {
      n: found || upsertedId !== undefined ? 1 : 0,
      ...(change.kind === "remove" ? {} : { updatedExisting: found }),
      ...(upsertedId === undefined ? {} : { upserted: upsertedId })
    },
    value: document ?? null,
    ok: 1
  }
})

const changeOf = (command: Document): Effect.Effect<FindAndModify["change"], DocumentStoreError> => {
  const { arrayFilters, remove, update } = command
  if (remove === true) return Effect.succeed({ kind: "remove" })
  if (isUpdate(update)) {
    return Effect.succeed({ kind: "update", update, ...(Array.isArray(arrayFilters) ? { arrayFilters } : {}) })
  }
  return isDocument(update)
    ? Effect.succeed({ kind: "replace", replacement: update })
    : Effect.fail(failure("FailedToParse", "findAndModify needs remove or update"))
}
