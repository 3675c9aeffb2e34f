/** `mongo`: operations on a Mongo-like document store. */
import { Clock, Effect, type FileSystem, type Path, Schema } from "effect"
import type { ValueRecord } from "../../core/Value.ts"
import type * as DocumentStore from "../../services/DocumentStore.ts"
import * as Action from "../Action.ts"
import * as RobogoMongo from "../robogo/RobogoMongo.ts"
import * as Connection from "../steps/Connection.ts"
import * as HealthOutput from "../steps/HealthOutput.ts"
import * as MongoFile from "../steps/MongoFile.ts"
import * as MongoInput from "../steps/MongoInput.ts"
import * as MongoStep from "../steps/MongoStep.ts"
import * as MongoWatch from "../steps/MongoWatch.ts"
import * as Operation from "../steps/Operation.ts"

const some = Schema.optionalKey
const list = some(Schema.Array(Schema.Unknown))
const count = some(Schema.Int)

export const mongo = Action.make({
  name: "mongo",
  family: "databases",
  summary: "Reads and changes documents of a Mongo-like store; embedded unless a URL says otherwise",
  input: MongoInput.Input,
  positional: ["collection"],
  output: Schema.Struct({
    documents: list,
    document: some(Schema.Unknown),
    count,
    inserted_id: some(Schema.Unknown),
    inserted_ids: list,
    inserted_count: count,
    matched_count: count,
    modified_count: count,
    upserted_id: some(Schema.Unknown),
    upserted_count: count,
    deleted_count: count,
    failed: count,
    items: list,
    values: list,
    indexes: list,
    plan: some(Schema.String),
    index: some(Schema.NullOr(Schema.String)),
    sorted: some(Schema.Boolean),
    keys_examined: count,
    documents_examined: count,
    returned: count,
    changes: list,
    change: some(Schema.Unknown),
    results: list,
    collections: list,
    file_path: some(Schema.String),
    size_bytes: count,
    ...HealthOutput.fields,
    duration_ms: Schema.Finite
  }),
  effect: MongoInput.effectOf,
  validate: (present, constants) => [
    ...Connection.urlProblems(constants, ["mongodb", "mongodb+srv"]),
    ...MongoInput.problems(present, constants)
  ],
  robogo: { names: ["mongodb"], input: RobogoMongo.input, result: RobogoMongo.result },
  examples: [
    {
      title: "Documents, and a filter by a saved _id",
      yaml: `steps:
  - mongo: { collection: orders, insert: { sku: A1, total: 12.5, at: { $date: "2024-05-01T10:00:00Z" } } }
    save: { id: inserted_id }
  - mongo: { collection: orders, find_one: { _id: "\${id}" } }
    expect: [document.sku == 'A1', document.total == 12.5]
`
    },
    {
      title: "Updates, an upsert, and counts",
      yaml: `steps:
  - mongo: { collection: stock, insert: [{ sku: A1, n: 3 }, { sku: B2, n: 0 }] }
    expect: inserted_count == 2
  - mongo: { collection: stock, filter: { sku: A1 }, update_one: { $inc: { n: -1 } } }
    expect: [matched_count == 1, modified_count == 1]
  - mongo: { collection: stock, filter: { sku: C3 }, update_one: { $set: { n: 7 } }, upsert: true }
    expect: upserted_id != null
  - mongo: { collection: stock, find: { n: { $gt: 0 } }, sort: { n: -1 }, projection: { _id: 0 } }
    expect: [count == 2, document.sku == 'C3']
  - mongo: { collection: stock, aggregate: [{ $group: { _id: null, sum: { $sum: $n } } }] }
    expect: document.sum == 9
`
    },
    {
      title: "Many writes at once, of which one may be refused",
      yaml: `setup:
  - mongo: { collection: users, create_indexes: [{ fields: { email: 1 }, unique: true }] }
steps:
  - mongo:
      collection: users
      ordered: false
      bulk:
        - { insert: { email: ada@shop.test } }
        - { insert: { email: ada@shop.test } }
        - { update_one: { $set: { name: Bob } }, filter: { email: bob@shop.test }, upsert: true }
    expect:
      - failed == 1
      - items[1].reason == 'DuplicateKey'
      - upserted_count == 1
`
    },
    {
      title: "Documents into a file and back, however many",
      yaml: `setup:
  - mongo: { collection: parts, insert: [{ sku: A1, n: 5 }, { sku: B2, n: 0 }] }
steps:
  - mongo: { collection: parts, find: { n: { $gt: 0 } }, into: build/parts.jsonl }
    expect: [count == 1, is_empty(documents)]
  - mongo: { collection: copies, insert_from: build/parts.jsonl }
    expect: inserted_count == 1
`
    },
    {
      title: "A document that appears within 5 seconds",
      yaml: `setup:
  - mongo: { collection: invoices, insert: { order: 7, state: sent } }
steps:
  - wait_for:
      step: { mongo: { collection: invoices, find_one: { order: 7 } } }
      until: document.state == 'sent'
      interval: 50ms
      timeout: 5s
`
    },
    {
      title: "The next change of a collection",
      yaml: `steps:
  - mongo: { collection: jobs, watch: start }
  - mongo: { collection: jobs, insert: { name: night } }
  - mongo: { collection: jobs, watch: next, timeout: 5s }
    expect: [change.kind == 'insert', change.document.name == 'night']
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { client } = yield* Connection.open(MongoStep.family, input.url, context)
    const clock = yield* Clock.Clock
    const started = clock.monotonicTimeNanosUnsafe()
    const output = yield* Operation.within(perform(client, input, context), {
      // Watching has its own words for it.
      timeout: input.watch === undefined ? input.timeout : undefined,
      what: "the operation on the document store"
    })
    yield* MongoStep.judged(output, input.any_write)
    return { ...output, duration_ms: Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000 }
  })
})

const perform = (
  client: DocumentStore.DocumentClient,
  input: typeof MongoInput.Input.Type,
  context: Action.ActionContext
): Effect.Effect<ValueRecord, Action.ActionError, FileSystem.FileSystem | Path.Path> => {
  if (input.health === true) return HealthOutput.of(client.health)
  if (input.transaction !== undefined) return MongoStep.transaction(client, input.transaction, context)
  if (input.into !== undefined) return MongoFile.into(client, input, input.into, context)
  if (input.insert_from !== undefined) return MongoFile.insertFrom(client, input, input.insert_from, context)
  if (input.collections === true) {
    return Effect.mapBoth(client.collections, {
      onFailure: MongoStep.asActionError,
      onSuccess: (collections) => ({ collections, count: collections.length })
    })
  }
  return input.watch === undefined
    ? MongoStep.run(client, input, context)
    : MongoWatch.run(client, input, context)
}
