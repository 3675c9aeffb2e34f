/**
 * Changes of a collection between the steps of a case: `watch: start` keeps them from then on, `watch: next` waits for them. One
 * subscription per collection, which ends with the case.
 */
import { type Cause, Duration, Effect, Queue, type Scope, Stream } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type * as DocumentStore from "../../services/DocumentStore.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import type * as MongoInput from "./MongoInput.ts"
import type { Codec } from "./MongoOperation.ts"
import * as MongoStep from "./MongoStep.ts"

type Changes = Queue.Queue<DocumentStore.Change, DocumentStore.DocumentStoreError | Cause.Done>

/** Changes that wait for a step; a store that has more waits. */
const maxKept = 10_000

/** Keeps changes from now on, or waits for `input.changes` of those that were kept. */
export const run = (
  client: DocumentStore.DocumentClient,
  input: typeof MongoInput.Input.Type,
  context: ActionContext
): Effect.Effect<ValueRecord, ActionError> =>
  Effect.gen(function*() {
    const bson = yield* MongoStep.codec
    const key = `changes ${input.url ?? ""} ${input.database ?? ""} ${input.collection ?? ""}`
    const kept = yield* context.once(key, subscribe(MongoStep.collectionOf(client, input), input, bson))
    if (input.watch === "start") return { changes: [], change: null, count: 0 }
    const changes = (yield* taken(kept, input)).map(shown(bson))
    return { changes, change: changes[0] ?? null, count: changes.length }
  }).pipe(Effect.mapError(MongoStep.asActionError))

const taken = (
  kept: Changes,
  { changes: wanted = 1, collection = "", timeout = Duration.seconds(10) }: typeof MongoInput.Input.Type
): Effect.Effect<ReadonlyArray<DocumentStore.Change>, DocumentStore.DocumentStoreError | ActionError> =>
  Queue.takeN(kept, wanted).pipe(
    // The collection is gone: there will be no more.
    Effect.catchTag("Done", () => Effect.succeed([])),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(tooFew(Queue.sizeUnsafe(kept), wanted, timeout, collection))
    })
  )

const subscribe = (
  collection: DocumentStore.Collection,
  { full_document, pipeline }: typeof MongoInput.Input.Type,
  bson: Codec
): Effect.Effect<Changes, DocumentStore.DocumentStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const changes = yield* collection.watch({
      fullDocument: full_document,
      pipeline: pipeline && bson.toBson(pipeline) as ReadonlyArray<DocumentStore.Document>
    })
    const kept = yield* Queue.bounded<DocumentStore.Change, DocumentStore.DocumentStoreError | Cause.Done>(maxKept)
    yield* Effect.forkScoped(Stream.runIntoQueue(changes, kept))
    return kept
  })

const shown = (bson: Codec) => (change: DocumentStore.Change): Value => ({
  kind: change.kind,
  collection: change.collection,
  id: bson.fromBson(change.id),
  ...(change.document === undefined ? {} : { document: bson.fromBson(change.document) }),
  ...(change.updated === undefined ? {} : { updated: bson.fromBson(change.updated) }),
  ...(change.removed === undefined ? {} : { removed: change.removed })
})

const tooFew = (came: number, wanted: number, timeout: Duration.Duration, collection: string) =>
  new ActionError({
    reason: "Timeout",
    message: `mongo: ${came} of ${wanted} change${wanted === 1 ? "" : "s"} of ${collection} came within ${
      DurationText.format(timeout)
    }`,
    hint: "begin with watch: start before what makes the change"
  })
