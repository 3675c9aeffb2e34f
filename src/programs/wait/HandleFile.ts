/**
 * The file from which a wait is taken up again after a crash: where states come from, the handles, and the outcomes so far. It
 * is whole at every moment: a kill leaves the file of a moment before.
 */
import {
  Clock,
  Duration,
  Effect,
  type FileSystem,
  type Path,
  type PlatformError,
  Queue,
  Result,
  Schema,
  type Scope
} from "effect"
import * as AtomicWrite from "../../scenario/AtomicWrite.ts"
import type { Ended } from "../WorkflowWait.ts"
import { type Handle, keyOf, toJson } from "./Handles.ts"

const State = Schema.Literals(["running", "done", "failed", "unknown"])
const Outcome = Schema.Literals(["done", "failed", "missing", "timed out", "unreachable", "not awaited"])

const Entry = Schema.Struct({
  handle: Schema.String,
  parent: Schema.String,
  id: Schema.String,
  since: Schema.Finite,
  outcome: Schema.optionalKey(Outcome),
  state: Schema.optionalKey(State),
  text: Schema.optionalKey(Schema.String),
  progress: Schema.optionalKey(Schema.Finite),
  message: Schema.optionalKey(Schema.String),
  problem: Schema.optionalKey(Schema.String),
  duration_ms: Schema.optionalKey(Schema.Finite)
})

const Source = Schema.Struct({
  thing: Schema.optionalKey(Schema.String),
  url: Schema.optionalKey(Schema.String),
  list: Schema.optionalKey(Schema.String),
  rows: Schema.optionalKey(Schema.String),
  id: Schema.optionalKey(Schema.String),
  state: Schema.optionalKey(Schema.String),
  done: Schema.optionalKey(Schema.String),
  failed: Schema.optionalKey(Schema.String),
  running: Schema.optionalKey(Schema.String),
  progress: Schema.optionalKey(Schema.String),
  message: Schema.optionalKey(Schema.String)
})

/** Where states come from: a thing of a profile, or requests. Without headers, since those may hold secrets. */
export type Source = typeof Source.Type

const Kept = Schema.fromJsonString(Schema.Struct({
  skein_wait: Schema.Literal(1),
  source: Source,
  items: Schema.Array(Entry)
}))

export interface Kept {
  readonly source: Source
  readonly handles: ReadonlyArray<Handle>
  /** Outcomes that stay: a wait that goes on looks at all others again. */
  readonly ended: ReadonlyArray<Ended>
}

/** The text of the file, a workflow on each line. `ended` by {@link keyOf}. */
export const render = (source: Source, handles: ReadonlyArray<Handle>, ended: ReadonlyMap<string, Ended>): string => {
  const lines = handles.map((handle) => JSON.stringify(toJson(handle, ended.get(keyOf(handle)))))
  return `{"skein_wait": 1, "source": ${JSON.stringify(source)}, "items": [\n${lines.join(",\n")}\n]}\n`
}

/** Reads such a file. Fails with what is wrong with it. */
export const parse = (text: string): Result.Result<Kept, string> => {
  const kept = Schema.decodeUnknownResult(Kept)(text)
  if (Result.isFailure(kept)) return Result.fail("it is no handle file of skein wait")
  const { items, source } = kept.success
  return Result.succeed({
    source,
    handles: items.map(({ handle, id, parent, since }) => ({ text: handle, id, parent, since })),
    ended: items.flatMap((entry): ReadonlyArray<Ended> => {
      const { duration_ms, id, message, outcome, parent, progress, state, text } = entry
      if (outcome !== "done" && outcome !== "failed") return []
      const seen = state === undefined ? {} : { seen: { state, text: text ?? state, progress, message } }
      return [{ parent, id, outcome, durationMs: duration_ms ?? 0, ...seen }]
    })
  })
}

export interface HandleFile {
  /** Says that there are new outcomes; they are written soon, and at the latest when the scope closes. */
  readonly changed: Effect.Effect<void>
}

/**
 * Writes the file (`path` is absolute) and keeps it up to date until the scope closes. `ended`, by {@link keyOf}, is read when it is
 * written. Fails when the first writing does; a later failure keeps the old file, and is told by the log.
 */
export const keep = Effect.fnUntraced(function*(
  path: string,
  source: Source,
  handles: ReadonlyArray<Handle>,
  ended: ReadonlyMap<string, Ended>
): Effect.fn.Return<
  HandleFile,
  PlatformError.PlatformError,
  FileSystem.FileSystem | Path.Path | Scope.Scope
> {
  const write = Effect.suspend(() => AtomicWrite.replace(path, render(source, handles, ended)))
  const again = write.pipe(
    Effect.catch((error) => Effect.logWarning(`${path} is not up to date: ${error.message}`))
  )
  yield* write
  let written = ended.size
  const changes = yield* Queue.sliding<void>(1)
  const writeChanges = Effect.gen(function*() {
    yield* Queue.take(changes)
    const started = yield* Clock.currentTimeMillis
    written = ended.size
    yield* again
    // A large file takes at most a tenth of the time.
    yield* Effect.sleep(Duration.millis(10 * ((yield* Clock.currentTimeMillis) - started)))
  })
  yield* Effect.addFinalizer(() => Effect.suspend(() => written === ended.size ? Effect.void : again))
  yield* Effect.forkScoped(Effect.forever(writeChanges))
  return { changed: Effect.asVoid(Queue.offer(changes, undefined)) }
})
