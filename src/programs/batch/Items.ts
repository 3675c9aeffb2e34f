/**
 * Where the items of a batch come from, and which of them it takes: a stream each time, so that a million of them need no more
 * memory than one.
 */
import { Effect, FileSystem, Result, Schema, Sink, Stream } from "effect"
import * as JsonStream from "../../core/JsonStream.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as CsvStream from "../../scenario/data/CsvStream.ts"
import * as SafePath from "../../scenario/SafePath.ts"
import * as Postgres from "../../services/Postgres.ts"
import * as RowExpression from "../RowExpression.ts"

/** Why items could not be had. */
export class ItemsError extends Schema.TaggedError<ItemsError>()("ItemsError", {
  /** `Usage`: a file is wrong. `Unavailable`: the source cannot be used. */
  reason: Schema.Literals(["Usage", "Unavailable"]),
  message: Schema.String
}) {}

export const formats = ["csv", "json", "jsonl", "lines"] as const
/** `csv`: records by the names of the first row. `json`: one array. `jsonl`: a value per line. `lines`: a text per line. */
export type Format = (typeof formats)[number]

/** The format that a file's name tells: `.csv`, `.json`, `.jsonl`, `.ndjson`, and lines of text. */
export const formatOf = (path: string): Format => {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ""
  return extension === "csv" || extension === "json" || extension === "jsonl"
    ? extension
    : extension === "ndjson"
    ? "jsonl"
    : "lines"
}

/** The items in bytes of a format; without one it is JSON when they begin like that, and lines when not. */
export const decode = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  name: string,
  format: Format | undefined
): Stream.Stream<Value, E | ItemsError, R> =>
  format === undefined
    ? Stream.unwrap(Effect.map(
      Stream.peel(bytes, Sink.take<Uint8Array>(1)),
      ([head, rest]) => decode(Stream.concat(Stream.fromIterable(head), rest), name, looksLike(head[0]))
    ))
    : decoded(bytes, format).pipe(
      Stream.mapError((error) =>
        error instanceof JsonStream.JsonStreamError
          ? new ItemsError({
            reason: "Usage",
            message: `${name} is not valid ${format.toUpperCase()}: ${error.message}`
          })
          : error
      )
    )

/** The items of a file. */
export const file = (
  path: string,
  format: Format = formatOf(path)
): Stream.Stream<Value, ItemsError, FileSystem.FileSystem> =>
  Stream.unwrap(Effect.map(FileSystem.FileSystem, (files) =>
    decode(
      files.stream(path, { chunkSize: 256 * 1024 }).pipe(
        Stream.mapError((error) =>
          new ItemsError({ reason: "Usage", message: `cannot read ${path}: ${SafePath.explain(error)}` })
        )
      ),
      path,
      format
    )))

/** The rows of a query. */
export const query = (url: string, sql: string): Stream.Stream<Value, ItemsError, Postgres.Postgres> =>
  Stream.unwrap(Effect.gen(function*() {
    const client = yield* (yield* Postgres.Postgres).connect(url)
    return client.stream(sql, [])
  })).pipe(
    Stream.mapError(({ message }) => new ItemsError({ reason: "Unavailable", message }))
  )

const looksLike = (bytes: Uint8Array | undefined): Format => {
  const first = new TextDecoder().decode(bytes?.subarray(0, 1_000)).trimStart()[0]
  return first === "[" ? "json" : first === "{" ? "jsonl" : "lines"
}

const decoded = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  format: Format
): Stream.Stream<Value, E | JsonStream.JsonStreamError, R> => {
  switch (format) {
    case "csv":
      return CsvStream.decode(bytes)
    case "json":
    case "jsonl":
      return JsonStream.decode(format)(bytes)
    case "lines":
      return bytes.pipe(
        Stream.decodeText,
        Stream.splitLines,
        Stream.map((line) => line.trim()),
        Stream.filter((line) => line !== "")
      )
  }
}

export interface Selection {
  /** A condition over the fields of an item, `item` and `index`: items of which it is true are taken. */
  readonly where?: string | undefined
  /** A template over the same names: what is taken of an item. */
  readonly each?: string | undefined
}

/** Takes items, and parts of them; `outside` are names beside those of the item. Fails at the first item of which there is no answer. */
export const select = Effect.fnUntraced(function*({ each, where }: Selection, outside: ValueRecord) {
  const holds = where === undefined
    ? () => Result.succeed(true)
    : yield* RowExpression.condition({ flag: "--where", text: where, outside })
  const made = each === undefined
    ? Result.succeed<Value>
    : yield* RowExpression.template({ flag: "--each", text: each, outside })
  const one = (item: Value, index: number): Result.Result<ReadonlyArray<Value>, RowExpression.RowError> =>
    Result.flatMap(
      holds(item, index),
      (isTaken) => isTaken ? Result.map(made(item, index), (value) => [value]) : Result.succeed([])
    )
  return <E, R>(items: Stream.Stream<Value, E, R>): Stream.Stream<Value, E | RowExpression.RowError, R> =>
    Stream.suspend(() => {
      let count = 0
      const taken = (chunk: ReadonlyArray<Value>) => Result.all(chunk.map((item) => one(item, count++)))
      return items.pipe(
        Stream.mapArrayEffect((chunk) => Effect.fromResult(Result.map(taken(chunk), (taken) => [taken.flat()]))),
        Stream.flatMap(Stream.fromIterable)
      )
    })
})

/** Compiles templates over an item, such as the parameters of an operation. */
export const templates = Effect.fnUntraced(function*(
  given: ReadonlyArray<readonly [name: string, text: string]>,
  outside: ValueRecord
) {
  const codes = yield* Effect.forEach(given, ([name, text]) =>
    Effect.map(
      RowExpression.template({ flag: `--with ${name}`, text, outside }),
      (code) => [name, code] as const
    ))
  return (item: Value, index: number): Effect.Effect<ValueRecord, RowExpression.RowError> =>
    Effect.fromResult(Result.all(Object.fromEntries(codes.map(([name, code]) => [name, code(item, index)]))))
})
