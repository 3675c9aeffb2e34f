/**
 * Files of rows or documents that are too many for memory: `.json` (one array), `.jsonl` and `.csv`, read and written as
 * streams inside the root. Steps that bring data into a store or out of it use it.
 */
import { Effect, FileSystem, type Path, Stream } from "effect"
import * as JsonStream from "../../core/JsonStream.ts"
import type { Value } from "../../core/Value.ts"
import { ActionError } from "../Action.ts"
import * as AtomicWrite from "../AtomicWrite.ts"
import * as CsvStream from "../data/CsvStream.ts"
import * as DataFormat from "../DataFormat.ts"
import * as SafePath from "../SafePath.ts"

type Machine = FileSystem.FileSystem | Path.Path

export interface Written {
  /** Items in the file. */
  readonly count: number
  readonly size_bytes: number
}

/** The items of a file, in order: exact integers in JSON, text fields in CSV. Fails with the place of what is wrong. */
export const read = (path: string, bounds: SafePath.Bounds): Stream.Stream<Value, ActionError, Machine> =>
  Stream.unwrap(Effect.gen(function*() {
    const format = yield* formatOf(path)
    const files = yield* FileSystem.FileSystem
    const place = yield* Effect.mapError(SafePath.resolve(path, bounds), SafePath.asActionError)
    const { type } = yield* Effect.mapError(files.stat(place), (error) => unusable(path, "read", error))
    if (type !== "File") {
      return yield* new ActionError({ reason: "Refused", message: `${JSON.stringify(path)} is no plain file` })
    }
    const bytes = files.stream(place).pipe(Stream.mapError((error) => unusable(path, "read", error)))
    const items: Stream.Stream<Value, ActionError | JsonStream.JsonStreamError> = format === "csv"
      ? CsvStream.decode(bytes)
      : JsonStream.decode(format)(bytes)
    return Stream.mapError(
      items,
      (error) =>
        error._tag === "ActionError"
          ? error
          : invalid(`${JSON.stringify(path)} is not valid ${format.toUpperCase()}: ${error.message}`)
    )
  }))

/** Puts items into a file, which others see when it is whole; when they fail, the old file stays. */
export const write = Effect.fnUntraced(function*<R>(
  path: string,
  items: Stream.Stream<Value, ActionError, R>,
  bounds: SafePath.Bounds
): Effect.fn.Return<Written, ActionError, R | Machine> {
  const format = yield* formatOf(path)
  const place = yield* Effect.mapError(SafePath.resolve(path, bounds), SafePath.asActionError)
  let count = 0
  let size = 0
  const counted = Stream.mapArray(items, (chunk) => {
    count += chunk.length
    return chunk
  })
  const bytes: Stream.Stream<Uint8Array, ActionError | JsonStream.JsonStreamError, R> = format === "csv"
    ? CsvStream.encode(counted)
    : JsonStream.encode(format)(counted)
  const measured = Stream.map(bytes, (chunk) => {
    size += chunk.length
    return chunk
  })
  yield* AtomicWrite.replaceByStream(place, measured).pipe(
    Effect.mapError((error) =>
      error._tag === "ActionError"
        ? error
        : error._tag === "JsonStreamError"
        ? invalid(`cannot write ${JSON.stringify(path)}: ${error.message}`)
        : unusable(path, "write", error)
    )
  )
  return { count, size_bytes: size }
})

/** What is wrong with a path that is known before anything runs. */
export const problems = (path: Value | undefined): ReadonlyArray<string> =>
  typeof path === "string" && !isRows(DataFormat.formatOf(path)) ? [noFormat(path)] : []

const isRows = (format: DataFormat.Format) => format === "json" || format === "jsonl" || format === "csv"

const formatOf = (path: string): Effect.Effect<JsonStream.Format | "csv", ActionError> => {
  const format = DataFormat.formatOf(path)
  return format === "json" || format === "jsonl" || format === "csv"
    ? Effect.succeed(format)
    : Effect.fail(invalid(noFormat(path)))
}

const noFormat = (path: string) => `${JSON.stringify(path)} must end with .json, .jsonl or .csv`

const invalid = (message: string) => new ActionError({ reason: "Invalid", message })

const unusable = (path: string, verb: string, error: Parameters<typeof SafePath.unreadable>[2]) =>
  SafePath.asActionError(SafePath.unreadable(path, verb, error))
