/** Commands of the wire server that read: find, aggregate, change streams, cursors. */
import { Effect } from "effect"
import { type Document, type DocumentStoreError, type Explanation } from "../../../services/DocumentStore.ts"
import { type Call, collectionOf, type Command, filterOf, hintOf, refuse, sortOf } from "./MongoWireCall.ts"
import { ofChanges, ofResult } from "./MongoWireCursors.ts"
import { failure, isDocument, numberOf, unsupported } from "./MongoWireReply.ts"

/** Documents of the first answer when nobody says how many. */
const firstBatch = 101
/** For how long a change is waited for when nobody says. */
const awaitMillis = 1_000

export const find: Command = Effect.fnUntraced(function*(call) {
  const { command, session, store, within } = call
  const { collection, filter, options } = yield* findOptions(call)
  const documents = yield* collection.find(filter, { ...options, ...within })
  return yield* store.cursors.first(
    { namespace: `${call.database}.${collection.name}`, session, source: ofResult(documents) },
    { limit: numberOf(command["batchSize"], firstBatch), single: command["singleBatch"] === true }
  )
})

const findOptions = Effect.fnUntraced(function*(call: Call) {
  const { command } = call
  yield* refuse(call, "collation", "min", "max", "returnKey", "showRecordId", "tailable", "let")
  const collection = yield* collectionOf(call)
  const sort = yield* sortOf(command["sort"])
  const hint = yield* hintOf(command["hint"], collection)
  const limit = numberOf(command["limit"], 0)
  const options = {
    projection: command["projection"] as Document | undefined,
    sort,
    skip: numberOf(command["skip"], 0),
    ...(limit === 0 ? {} : { limit: Math.abs(limit) }),
    hint
  }
  return { collection, filter: yield* filterOf(command["filter"]), options }
})

export const count: Command = Effect.fnUntraced(function*(call) {
  const { command, within } = call
  yield* refuse(call, "collation")
  const collection = yield* collectionOf(call)
  const limit = numberOf(command["limit"], 0)
  const n = yield* collection.count(yield* filterOf(command["query"]), {
    skip: numberOf(command["skip"], 0),
    ...(limit === 0 ? {} : { limit: Math.abs(limit) }),
    ...within
  })
  return { n, ok: 1 }
})

export const distinct: Command = Effect.fnUntraced(function*(call) {
  const { command, within } = call
  yield* refuse(call, "collation")
  const collection = yield* collectionOf(call)
  if (typeof command["key"] !== "string") return yield* failure("BadValue", "distinct needs the key of a field")
  return { values: yield* collection.distinct(command["key"], yield* filterOf(command["query"]), within), ok: 1 }
})

export const aggregate: Command = Effect.fnUntraced(function*(call) {
  const { command, database, session, store, within } = call
  yield* refuse(call, "collation", "explain", "hint")
  const pipeline = command["pipeline"]
  if (!Array.isArray(pipeline) || !pipeline.every(isDocument)) {
    return yield* failure("FailedToParse", "a pipeline must be a list of documents")
  }
  const cursor = isDocument(command["cursor"]) ? command["cursor"] : {}
  const limit = numberOf(cursor["batchSize"], firstBatch)
  const watched = pipeline[0]?.["$changeStream"]
  if (isDocument(watched)) return yield* changeStream(call, watched, pipeline.slice(1), limit)

  // 1 stands for the database: pipelines that begin with documents of their own.
  const collection = Number(command["aggregate"]) === 1
    ? store.engine.collection(database, "$cmd.aggregate")
    : yield* collectionOf(call)
  const documents = yield* collection.aggregate(pipeline, { ...within, let: command["let"] as Document | undefined })
  return yield* store.cursors.first(
    { namespace: `${database}.${collection.name}`, session, source: ofResult(documents) },
    { limit, single: false }
  )
})

const changeStream = Effect.fnUntraced(function*(
  call: Call,
  options: Document,
  pipeline: ReadonlyArray<Document>,
  limit: number
): Effect.fn.Return<Uint8Array, DocumentStoreError> {
  const { command, database, session, store, within } = call
  if (within.transaction !== undefined) {
    return yield* failure(
      "OperationNotSupportedInTransaction",
      "$changeStream cannot be in a transaction",
      "Unsupported"
    )
  }
  const { allChangesForCluster, fullDocument, resumeAfter, startAfter, ...others } = options
  const other = Object.keys(others).find((name) => others[name] !== "off" && others[name] !== false)
  if (other !== undefined) return yield* unsupported(`${other} of $changeStream`)
  if (fullDocument !== undefined && fullDocument !== "default" && fullDocument !== "updateLookup") {
    return yield* unsupported(`fullDocument "${String(fullDocument)}" of $changeStream`)
  }
  const name = command["aggregate"]
  const collection = typeof name === "string" ? name : undefined
  const token = resumeAfter ?? startAfter
  const changes = yield* store.engine.watch(
    { ...(allChangesForCluster === true ? {} : { database }), collection },
    {
      pipeline,
      fullDocument: fullDocument === "updateLookup",
      ...(isDocument(token) ? { resumeAfter: String(token["_data"]) } : {})
    }
  )
  const namespace = `${database}.${collection ?? "$cmd.aggregate"}`
  return yield* store.cursors.first({ namespace, session, source: ofChanges(changes) }, { limit, single: false })
})

export const getMore: Command = ({ command, store }) =>
  store.cursors.more(BigInt(command["getMore"] as bigint), {
    limit: numberOf(command["batchSize"], 0) || Infinity,
    waitMillis: numberOf(command["maxTimeMS"], awaitMillis)
  })

export const killCursors: Command = ({ command, store }) =>
  Effect.sync(() => {
    const ids = (command["cursors"] as ReadonlyArray<bigint> | undefined ?? []).map((id) => BigInt(id))
    const killed = ids.filter((id) => store.cursors.kill(id))
    const cursorsNotFound = ids.filter((id) => !killed.includes(id))
    return { cursorsKilled: killed, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 }
  })

export const explain: Command = Effect.fnUntraced(function*(call) {
  const inner = call.command["explain"]
  const name = isDocument(inner) ? Object.keys(inner)[0] : undefined
  if (!isDocument(inner) || name !== "find") return yield* unsupported(`explain of ${name ?? "nothing"}`)
  const { collection, filter, options } = yield* findOptions({ ...call, name, command: inner })
  const explained = yield* collection.explain(filter, options)
  return {
    explainVersion: "1",
    queryPlanner: {
      namespace: `${call.database}.${collection.name}`,
      parsedQuery: filter,
      winningPlan: planOf(explained),
      rejectedPlans: []
    },
    executionStats: {
      executionSuccess: true,
      nReturned: explained.returned,
      totalKeysExamined: explained.keysExamined,
      totalDocsExamined: explained.documentsExamined
    },
    ok: 1
  }
})

const planOf = ({ index, plan, sorted }: Explanation): Document => {
  const scan = plan === "collection scan"
    ? { stage: "COLLSCAN", direction: "forward" }
    : plan === "id lookup"
    ? { stage: "IDHACK" }
    : { stage: "FETCH", inputStage: { stage: "IXSCAN", indexName: index } }
  return sorted ? { stage: "SORT", inputStage: scan } : scan
}
