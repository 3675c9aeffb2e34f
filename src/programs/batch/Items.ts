/**
 * Where the items of a batch come from, and which of them it takes: a stream each time, so that a million of them need no more
 * memory than one.
 */
import { Clock, Effect, FileSystem, Random, Schema, Sink, Stream } from "effect"
import * as JsonStream from "../../core/JsonStream.ts"
import type { Problem } from "../../core/SourceText.ts"
import { field, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Code from "../../scenario/compile/Code.ts"
import * as CsvStream from "../../scenario/data/CsvStream.ts"
import { isTrue } from "../../scenario/expression/Expression.ts"
import * as Node from "../../scenario/read/Node.ts"
import * as Postgres from "../../services/Postgres.ts"

/** Why items could not be had, or chosen. */
export class ItemsError extends Schema.TaggedError<ItemsError>()("ItemsError", {
  /** `Usage`: an expression or a file is wrong. `Unavailable`: the source cannot be used. */
  reason: Schema.Literals(["Usage", "Unavailable"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
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
        Stream.mapError(({ message }) =>
          new ItemsError({ reason: "Usage", message: `cannot read ${path}: ${message}` })
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
  /** An expression over the fields of an item, `item` and `index`: items of which it is true are taken. */
  readonly where?: string | undefined
  /** A template over the same names: what is taken of an item. */
  readonly each?: string | undefined
}

/** Names that selections may read beside those of the item. */
export interface Outside {
  readonly environment: Readonly<Record<string, string>>
  readonly variables: ValueRecord
}

/** Takes items, and parts of them. Fails at the first item of which an expression has no answer. */
export const select = Effect.fnUntraced(function*({ each, where }: Selection, outside: Outside) {
  const machine = yield* machineOf
  const condition = where === undefined ? undefined : yield* compile("--where", where, Code.condition)
  const template = each === undefined ? undefined : yield* compile("--each", each, Code.template)
  const answer = (code: Code.Code, flag: string, item: Value, index: number): Value => {
    try {
      return code.run(namesOf(item, index, outside), machine)
    } catch (error) {
      if (!(error instanceof Code.CodeFailure)) throw error
      throw new ItemsError({
        reason: "Usage",
        message: `${flag} of item ${index + 1}: ${error.message}`,
        ...(error.hint === undefined ? {} : { hint: error.hint })
      })
    }
  }
  return <E, R>(items: Stream.Stream<Value, E, R>): Stream.Stream<Value, E | ItemsError, R> => {
    if (condition === undefined && template === undefined) return items
    let index = 0
    const one = (item: Value): ReadonlyArray<Value> => {
      const at = index++
      if (condition !== undefined && !isTrue(answer(condition, "--where", item, at))) return []
      return [template === undefined ? item : answer(template, "--each", item, at)]
    }
    return Stream.mapArrayEffect(items, (chunk) => attempt(() => [chunk.flatMap(one)])).pipe(
      Stream.flatMap(Stream.fromIterable)
    )
  }
})

/** Compiles templates over an item, such as the parameters of an operation. */
export const templates = Effect.fnUntraced(function*(
  given: ReadonlyArray<readonly [name: string, text: string]>,
  outside: Outside
) {
  const machine = yield* machineOf
  const codes = yield* Effect.forEach(
    given,
    ([name, text]) => Effect.map(compile(`--with ${name}`, text, Code.template), (code) => [name, code] as const)
  )
  return (item: Value, index: number): Effect.Effect<ValueRecord, ItemsError> =>
    attempt(() => {
      const names = namesOf(item, index, outside)
      return Object.fromEntries(codes.map(([name, code]): [string, Value] => [name, code.run(names, machine)]))
    })
})

const machineOf = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  return { now: () => clock.currentTimeMillisUnsafe(), random: () => random.nextDoubleUnsafe() } satisfies Code.Machine
})

const attempt = <A>(work: () => A): Effect.Effect<A, ItemsError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      if (error instanceof ItemsError) return Effect.fail(error)
      if (!(error instanceof Code.CodeFailure)) return Effect.die(error)
      return Effect.fail(new ItemsError({ reason: "Usage", message: error.message }))
    }
  })

const compile = (
  flag: string,
  text: string,
  how: typeof Code.condition
): Effect.Effect<Code.Code, ItemsError> => {
  const problems: Array<Problem> = []
  const code = how(
    Node.fromValue(text, { source: { path: flag, text }, start: 0, end: text.length }),
    "native",
    problems
  )
  const [first] = problems
  return first === undefined ? Effect.succeed(code) : Effect.fail(
    new ItemsError({
      reason: "Usage",
      message: `${flag}: ${first.message}`,
      ...(first.hint === undefined ? {} : { hint: first.hint })
    })
  )
}

/** The fields of a record come first; `item` is the whole of it. */
const namesOf = (item: Value, index: number, { environment, variables }: Outside): Code.Names => ({
  get: (name) => {
    const own = isRecord(item) ? field(item, name) : undefined
    if (own !== undefined) return own
    switch (name) {
      case "item":
        return item
      case "index":
        return index
      case "env":
        return environment
      default:
        return field(variables, name)
    }
  },
  list: () => [...isRecord(item) ? Object.keys(item) : [], "item", "index", "env", ...Object.keys(variables)]
})
