/** What a `mongo` step does: its operations, with the kinds of BSON as Extended JSON on our side. */
import { Effect, Schema } from "effect"
import { emptyRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as DocumentStore from "../../services/DocumentStore.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as Connection from "./Connection.ts"
import * as MongoInput from "./MongoInput.ts"
import * as MongoOperation from "./MongoOperation.ts"
import * as Operation from "./Operation.ts"

/** Keys of `mongo:` in `skein.yaml`. Durations are texts such as `30s`. */
const Settings = Schema.Struct({
  max_connections: Schema.optionalKey(Fields.Int),
  min_connections: Schema.optionalKey(Fields.Int),
  idle_timeout: Schema.optionalKey(Fields.Duration),
  connect_timeout: Schema.optionalKey(Fields.Duration),
  socket_timeout: Schema.optionalKey(Fields.Duration),
  selection_timeout: Schema.optionalKey(Fields.Duration),
  heartbeat: Schema.optionalKey(Fields.Duration),
  acquire_timeout: Schema.optionalKey(Fields.Duration),
  operation_timeout: Schema.optionalKey(Fields.Duration),
  retry_reads: Schema.optionalKey(Fields.Flag),
  retry_writes: Schema.optionalKey(Fields.Flag),
  application_name: Schema.optionalKey(Fields.Text)
})

/** How a step comes to its store; `embedded:` is the case's own. */
export const family = {
  name: "mongo",
  service: DocumentStore.DocumentStore,
  settings: Schema.decodeUnknownResult(Settings),
  options: (settings: typeof Settings.Type): DocumentStore.ConnectOptions => Connection.inCode(settings),
  toActionError: (error: DocumentStore.DocumentStoreError) => toActionError(error)
} satisfies Connection.Family<
  DocumentStore.DocumentStore,
  DocumentStore.DocumentClient,
  DocumentStore.DocumentStoreError,
  DocumentStore.ConnectOptions,
  typeof Settings.Type
>

/** Loads the kinds of BSON: a run without documents does without them. */
export const codec: Effect.Effect<MongoOperation.Codec> = Effect.promise(() => import("../data/ExtendedJson.ts"))

/** Does one operation on a collection, and answers with the fields of the action's output that belong to it. */
export const run = (
  client: DocumentStore.DocumentClient,
  input: MongoInput.One,
  context: ActionContext
): Effect.Effect<ValueRecord, ActionError> => {
  const operation = MongoInput.operationOf(input)
  const done = Effect.gen(function*() {
    const bson = yield* codec
    return yield* MongoOperation.perform(collectionOf(client, input), operation, input, bson)
  })
  return Operation.kept(Effect.mapError(done, asActionError), {
    service: family.name,
    operation,
    target: input.collection ?? "",
    sent: sentOf(input, operation),
    received: (answer) => answer
  }, context)
}

/** Does all of them, or none. */
export const transaction = (
  client: DocumentStore.DocumentClient,
  inputs: ReadonlyArray<MongoInput.One>,
  context: ActionContext
): Effect.Effect<ValueRecord, ActionError> =>
  client.transaction(Effect.forEach(inputs, (input) => run(client, input, context))).pipe(
    Effect.mapBoth({ onFailure: asActionError, onSuccess: (results) => ({ results }) })
  )

/** The collection that an input names. */
export const collectionOf = (
  client: DocumentStore.DocumentClient,
  { collection, database }: Pick<MongoInput.One, "collection" | "database">
): DocumentStore.Collection => client.collection(collection ?? "", { database })

const sentOf = (input: MongoInput.One, operation: MongoInput.Operation): Value => {
  const sent: { [key: string]: Value } = emptyRecord()
  for (const key of [operation, "filter", "upsert", "projection", "sort", "skip", "limit"] as const) {
    // Durations of indexes are shown as their parts.
    if (input[key] !== undefined) sent[key] = input[key] as Value
  }
  return sent
}

/** Fails with the first write that was refused, unless the step looks at them itself. */
export const judged = (output: ValueRecord, anyWrite: boolean | undefined): Effect.Effect<ValueRecord, ActionError> => {
  const items = output["items"] as ReadonlyArray<ValueRecord> | undefined
  const at = anyWrite === true ? -1 : items?.findIndex(({ status }) => status === "failed") ?? -1
  return at === -1 ? Effect.succeed(output) : Effect.fail(
    new ActionError({
      reason: "Invalid",
      message: `mongo: write ${at} of ${items!.length} was refused: ${String(items![at]!["error"])}`,
      hint: "expect failed or items to allow this",
      output
    })
  )
}

const reasons: Readonly<Record<DocumentStore.DocumentStoreError["reason"], ActionError["reason"]>> = {
  Connection: "Connection",
  Authentication: "Unavailable",
  Timeout: "Timeout",
  Busy: "Timeout",
  DuplicateKey: "Invalid",
  Invalid: "Invalid",
  // The server asks for another try.
  Conflict: "Timeout",
  Unsupported: "Invalid",
  Storage: "Unavailable",
  Refused: "Invalid"
}

const toActionError = (error: DocumentStore.DocumentStoreError): ActionError =>
  new ActionError({
    reason: reasons[error.reason],
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })

/** What the store said, in the words of steps. */
export const asActionError = (error: DocumentStore.DocumentStoreError | ActionError): ActionError =>
  error._tag === "DocumentStoreError" ? toActionError(error) : error
