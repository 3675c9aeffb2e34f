/**
 * Writes reports to files: whole ones at the end of a run, each complete or not at all, and `jsonl` while it goes on.
 *
 * A report that cannot be written does not stop the others, nor the run: it comes back as a value that names path and reason.
 */
import {
  type Cause,
  Effect,
  Fiber,
  FileSystem,
  Path,
  type PlatformError,
  Queue,
  Schema,
  type Scope,
  Stream
} from "effect"
import * as AtomicWrite from "../../scenario/AtomicWrite.ts"
import type { Event } from "../../scenario/Event.ts"
import * as SafePath from "../../scenario/SafePath.ts"
import * as Formats from "./Formats.ts"
import * as Jsonl from "./Jsonl.ts"
import type { Report } from "./Report.ts"

/** A report that could not be written. The message names the file, what went wrong, and what to do. */
export class ReportFileError extends Schema.TaggedError<ReportFileError>()("ReportFileError", {
  format: Schema.String,
  path: Schema.String,
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `the ${this.format} report could not be written to ${this.path}: ${this.reason}`
  }
}

/**
 * Writes `report` once per target, through a temporary file beside it and a rename; missing folders are made.
 *
 * Returns what could not be written, in the order of the targets; empty when all went well. Targets on standard output
 * and `jsonl` are not for this function and are passed over. Never fails.
 */
export const write = Effect.fn("ReportFiles.write")(function*(
  report: Report,
  targets: ReadonlyArray<Formats.Target>
): Effect.fn.Return<ReadonlyArray<ReportFileError>, never, FileSystem.FileSystem | Path.Path> {
  const results = yield* Effect.forEach(targets, (target) => {
    const format = Formats.find(target.format)
    return format === undefined || target.path === "-"
      ? Effect.succeed(undefined)
      : writeFile(format, target.path, report).pipe(
        Effect.as(undefined),
        Effect.catch((error) => Effect.succeed(asFileError(target, error)))
      )
  })
  return results.filter((error) => error !== undefined)
})

/** Writes a text that is there already, in the same way. */
export const writeText = (
  target: Formats.Target,
  text: string
): Effect.Effect<void, ReportFileError, FileSystem.FileSystem | Path.Path> =>
  Effect.mapError(place(target.path, text), (error) => asFileError(target, error))

/**
 * What is known to be in the way of targets before anything is written: a folder of that name, a file where a folder would have to be, a
 * place where this user may not write. In the order of the targets; empty when nothing is. Never fails.
 */
export const obstacles = Effect.fn("ReportFiles.obstacles")(function*(
  targets: ReadonlyArray<Formats.Target>
): Effect.fn.Return<ReadonlyArray<ReportFileError>, never, FileSystem.FileSystem | Path.Path> {
  const found = yield* Effect.forEach(targets, (target) =>
    obstacle(target.path).pipe(
      Effect.map((reason) => reason === undefined ? undefined : new ReportFileError({ ...target, reason })),
      Effect.catch((error) => Effect.succeed(asFileError(target, error)))
    ))
  return found.filter((one) => one !== undefined)
})

const obstacle = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  const stat = (place: string) =>
    files.stat(place).pipe(Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(undefined)))
  const old = yield* stat(path)
  if (old?.type === "Directory") return "it is a folder; name a file in it"
  let place = old === undefined || old.type === "File" ? dirname(path) : path
  let above = yield* stat(place)
  while (above === undefined && dirname(place) !== place) {
    place = dirname(place)
    above = yield* stat(place)
  }
  if (place !== path && above?.type !== "Directory") return `${place} is no folder`
  yield* files.access(place, { writable: true })
  return undefined
})

/** A `jsonl` report that is being written. */
export interface EventFile {
  /** Takes one event; waits while the disk is behind. Never fails: after a write error events are let go. */
  readonly write: (event: Event) => Effect.Effect<void>
  /** Waits until all is on disk, closes the file, and returns the error when there was one. Asking again gives the same answer. */
  readonly close: Effect.Effect<ReportFileError | undefined>
}

/**
 * Opens a `jsonl` report, replacing the file. A file that cannot be opened is told by `close`, like every other error.
 *
 * Lines are appended in the order of the events, many to a write. Closed with its scope at the latest.
 */
export const events = Effect.fn("ReportFiles.events")(function*(
  path: string
): Effect.fn.Return<EventFile, never, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const queue = yield* Queue.bounded<string, Cause.Done>(1_024)
  // Ends when the queue does: by `close`, which the scope calls too.
  const writer = yield* Effect.forkScoped(
    append(path, queue).pipe(
      Effect.match({ onSuccess: () => undefined, onFailure: (error) => asFileError({ format: "jsonl", path }, error) }),
      Effect.tap(() => Queue.shutdown(queue))
    ),
    { startImmediately: true }
  )
  const close = Effect.andThen(Queue.end(queue), Fiber.join(writer))
  yield* Effect.addFinalizer(() => close)
  return { write: (event) => Effect.asVoid(Queue.offer(queue, Jsonl.line(event))), close }
})

const append = Effect.fnUntraced(function*(path: string, queue: Queue.Dequeue<string, Cause.Done>) {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  yield* files.makeDirectory(paths.dirname(path), { recursive: true })
  const file = yield* files.open(path, { flag: "w" })
  const encoder = new TextEncoder()
  yield* Stream.runForEachArray(Stream.fromQueue(queue), (lines) => file.writeAll(encoder.encode(lines.join(""))))
}, Effect.scoped)

const writeFile = (format: Formats.Format, path: string, report: Report) =>
  place(path, [...format.write(report)].join(""))

/** What is no ordinary file (`/dev/null`, a pipe) is written as it stands: a rename would replace it. */
const place = Effect.fnUntraced(function*(path: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const old = yield* files.stat(path).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(undefined))
  )
  if (old === undefined) return yield* AtomicWrite.replace(path, text)
  if (old.type !== "File") return yield* files.writeFileString(path, text)
  return yield* AtomicWrite.replace(yield* files.realPath(path), text)
})

const asFileError = (target: Formats.Target, error: PlatformError.PlatformError): ReportFileError =>
  new ReportFileError({ ...target, reason: SafePath.explain(error), cause: error })
