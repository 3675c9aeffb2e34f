/**
 * A document store without a server: MongoDB's queries and updates over documents in memory, kept in a journal when there is a
 * folder.
 *
 * - `embedded:` a store of its own for each `connect`, gone when the client's scope closes
 * - `embedded:NAME` one for all who name it, gone with the layer
 * - `embedded:./folder`, `embedded:/folder` kept in that folder, which one process at a time may use
 *
 * `DocumentEngine` does the work; its documents are copied on their way out.
 */
import { Duration, Effect, Layer, RcMap, Redacted, Result } from "effect"
import { resolve } from "node:path"
import { type DocumentClient, DocumentStore, DocumentStoreError } from "../../services/DocumentStore.ts"
import { Journal } from "../../services/Journal.ts"
import { makeClient } from "./documents/DocumentClient.ts"
import * as Engine from "./documents/DocumentEngine.ts"
import * as Records from "./documents/DocumentRecords.ts"
import { storage } from "./documents/DocumentWriter.ts"

export interface Options {
  /** Folder that relative ones in URLs start from. @default the working directory */
  readonly directory?: string | undefined
  /**
   * When a write to a folder is answered: `always` when it is on the disk, `never` when the system has it, or on the disk
   * at most so long after. All survive a kill of the process; only `always` survives a loss of power.
   * @default "1 second"
   */
  readonly sync?: "always" | "never" | Duration.Input | undefined
  /** Changes that a store remembers for those who watch. @default 50000 */
  readonly maxChanges?: number | undefined
  /** How often documents are looked for whose time has come. @default "1 second" */
  readonly sweepInterval?: Duration.Input | undefined
  /** A transaction that is still open after this long is aborted. @default "1 minute" */
  readonly transactionTimeout?: Duration.Input | undefined
}

/** A store by its place: a name of those in memory, or an absolute folder. */
type Place =
  | { readonly kind: "own" }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "folder"; readonly folder: string }

const make = Effect.fnUntraced(function*(options: Options) {
  const journals = yield* Journal
  const open = Effect.fnUntraced(function*(place: Place) {
    if (place.kind !== "folder") return yield* Engine.open(options)
    const journal = yield* Effect.mapError(
      journals.open(place.folder, { format: Records.format, sync: options.sync }),
      storage
    )
    return yield* Engine.open({ ...options, journal })
  })
  const shared = yield* RcMap.make({
    lookup: open,
    // What is in memory would be lost; a folder is free for others.
    idleTimeToLive: ({ kind }) => kind === "name" ? "Infinity" : Duration.zero
  })

  return DocumentStore.of({
    connect: Effect.fn("DocumentStore.connect")(function*(url) {
      const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
      const place = yield* Effect.fromResult(parse(text, options.directory ?? process.cwd()))
      const engine = place.kind === "own" ? yield* open(place) : yield* RcMap.get(shared, place)
      return makeClient(engine) satisfies DocumentClient
    })
  })
})

/** Opens nothing until the first `connect`. A folder is held as long as any client of it. */
export const layer = (options: Options = {}): Layer.Layer<DocumentStore, never, Journal> =>
  Layer.effect(DocumentStore, make(options))

const parse = (url: string, directory: string): Result.Result<Place, DocumentStoreError> => {
  const place = url.replace(/^embedded:/, "")
  if (place === "") return Result.succeed({ kind: "own" })
  if (/^(\.{0,2}\/|\.{1,2}$)/.test(place)) return Result.succeed({ kind: "folder", folder: resolve(directory, place) })
  if (/^[\w.-]{1,100}$/.test(place)) return Result.succeed({ kind: "name", name: place })
  return Result.fail(
    new DocumentStoreError({
      reason: "Invalid",
      message: "the URL names no embedded document store",
      hint:
        "write embedded: for one of its own, embedded:name (letters, digits, _ . -) for a shared one, embedded:./folder for one that is kept"
    })
  )
}
