/** Change streams that outlive a lost connection: what the driver does not mend in time is opened again after the last change. */
import { EJSON } from "bson"
import { Array as Arr, Cause, Effect, Schedule, type Scope, Stream } from "effect"
import { setImmediate } from "node:timers/promises"
import type { Change, Document, DocumentStoreError, WatchOptions } from "../../../services/DocumentStore.ts"
import { close } from "./MongoCursor.ts"
import type { ChangeStream, Collection } from "./MongoDriver.ts"
import type { Operations } from "./MongoOperation.ts"
import { own } from "./MongoValues.ts"

/** For how long a server that was lost is tried again. */
const mending = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "1 minute" })
)

type Raw = Document & { readonly _id: unknown }

/** Watches from when it returns. The stream ends after the collection was dropped. */
export const watch = Effect.fnUntraced(function*(
  operations: Operations,
  collection: Collection<Document>,
  options: WatchOptions = {}
): Effect.fn.Return<Stream.Stream<Change, DocumentStoreError>, DocumentStoreError, Scope.Scope> {
  const reader = new Reader(collection, options)
  const failure = operations.failure(`watch ${collection.collectionName}`)
  // Neither part of a transaction nor bounded in time: not through `perform`.
  const attempt = <A>(call: () => Promise<A>) => Effect.tryPromise({ try: call, catch: failure })
  const stop = Effect.suspend(() => {
    const stream = reader.forget()
    return stream === undefined ? Effect.void : close(stream)
  })
  yield* Effect.addFinalizer(() => stop)
  yield* Effect.onError(attempt(() => reader.open()), () => stop)

  const read = attempt(() => reader.fill()).pipe(
    Effect.tapError(() => stop),
    Effect.retry({ schedule: mending, while: ({ reason }) => reason === "Connection" || reason === "Timeout" }),
    Effect.map(() => reader.take())
  )
  const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Change>, DocumentStoreError | Cause.Done> = Effect.flatMap(
    Effect.suspend((): Effect.Effect<ReadonlyArray<Change>, DocumentStoreError | Cause.Done> =>
      reader.isOver ? Cause.done() : read
    ),
    (changes) => Arr.isReadonlyArrayNonEmpty(changes) ? Effect.succeed(changes) : pull
  )
  return Stream.fromPull(Effect.succeed(pull))
})

/** One place in the changes of a collection, over as many streams of the driver as it takes. */
class Reader {
  /** The collection is gone: nothing comes after. */
  isOver = false
  private stream: ChangeStream<Document, Raw> | undefined
  private token: unknown
  /** A wait that was interrupted goes on for the next one. */
  private filling: Promise<void> | undefined
  private changes: Array<Change> = []
  private readonly collection: Collection<Document>
  private readonly options: WatchOptions

  constructor(collection: Collection<Document>, options: WatchOptions) {
    this.collection = collection
    this.options = options
    this.token = options.resumeAfter === undefined ? undefined : fromToken(options.resumeAfter)
  }

  /** Resolves once the server watches. */
  async open(): Promise<void> {
    const stream = this.collection.watch<Document, Raw>([...this.options.pipeline ?? []], {
      ...(this.token === undefined ? {} : { resumeAfter: this.token }),
      ...(this.options.fullDocument === true ? { fullDocument: "updateLookup" } : {})
    })
    this.stream = stream
    const first = this.filling = this.read(stream)
    await new Promise<void>((resolve, reject) => {
      stream.once("resumeTokenChanged", () => resolve())
      first.then(resolve, reject)
    })
    // The driver tells of the token before it keeps the number of the cursor: closed in between, it would stay open.
    await setImmediate()
  }

  /** Resolves once there are changes, opening what was lost again. */
  async fill(): Promise<void> {
    if (this.stream === undefined) await this.open()
    if (this.changes.length === 0) await (this.filling ??= this.read(this.stream!))
  }

  /** The changes that came and were not taken yet, oldest first. */
  take(): ReadonlyArray<Change> {
    const taken = this.changes
    this.changes = []
    return taken
  }

  /** Gives the stream up, remembering where it was. */
  forget(): { readonly close: () => Promise<unknown> } | undefined {
    const { stream } = this
    this.token = stream?.resumeToken ?? this.token
    this.stream = undefined
    this.filling = undefined
    return stream
  }

  /** Waits for a change and takes those that came with it. */
  private async read(stream: ChangeStream<Document, Raw>): Promise<void> {
    do this.add(await stream.next())
    while (!this.isOver && stream.bufferedCount() > 0)
    this.filling = undefined
  }

  private add(raw: Raw): void {
    this.isOver ||= raw["operationType"] === "invalidate"
    const change = toChange(own(raw))
    if (change !== undefined) this.changes.push(change)
  }
}

const kinds: ReadonlySet<unknown> = new Set(["insert", "update", "replace", "delete", "drop"])

interface Description {
  readonly updatedFields?: Document
  readonly removedFields?: ReadonlyArray<string>
}

/** `undefined` for what we do not tell of, such as a new index. */
const toChange = (raw: Raw): Change | undefined => {
  if (!kinds.has(raw["operationType"])) return undefined
  const key = raw["documentKey"] as Document | undefined
  const described = raw["updateDescription"] as Description | undefined
  const document = raw["fullDocument"] as Document | null | undefined
  return {
    token: toToken(raw._id),
    kind: raw["operationType"] as Change["kind"],
    collection: (raw["ns"] as { readonly coll: string }).coll,
    ...(key === undefined ? {} : { id: key["_id"] }),
    ...(document === undefined || document === null ? {} : { document }),
    ...(described === undefined
      ? {}
      : { updated: described.updatedFields ?? {}, removed: described.removedFields ?? [] })
  }
}

const toToken = (id: unknown): string => EJSON.stringify(id, { relaxed: false })

/** A text that is no token goes to the server as it is, which says so. */
const fromToken = (token: string): unknown => {
  try {
    return EJSON.parse(token, { relaxed: false }) as unknown
  } catch {
    return { _data: token }
  }
}
