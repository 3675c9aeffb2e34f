/**
 * JSON arrays and JSON lines of any size in constant memory: bytes become values, one top-level item after the other, and back.
 *
 * A splitter looks only for the ends of items, and `core/Json` reads all whole items of a part at once. That is more than
 * twice as fast as a parser that sees every token, and close to `JSON.parse` of the whole: `bench/streaming.ts`.
 */
import { Array as Arr, Effect, Result, Schema, Stream } from "effect"
import * as Json from "./Json.ts"
import type { Value } from "./Value.ts"

export const formats = ["json", "jsonl"] as const
/** `json`: one array, whose items are the values. `jsonl`: one value per line that is not blank. */
export type Format = (typeof formats)[number]

/** The text is not of its format. The values before the fault were emitted. */
export class JsonStreamError extends Schema.TaggedError<JsonStreamError>()("JsonStreamError", {
  /** What is wrong, with the item or line counted from 1. */
  message: Schema.String
}) {}

export interface Options {
  /** Longest item; it is held in memory as a whole. @default 64 MiB */
  readonly maxItemBytes?: number | undefined
}

/** Reads UTF-8 into values, in order. Holds one chunk and one item. */
export const decode =
  (format: Format, options: Options = {}) =>
  <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Value, E | JsonStreamError, R> =>
    fromSplitter(bytes, () => {
      const limit = options.maxItemBytes ?? 64 * 1024 * 1024
      return format === "json" ? new ArraySplitter(limit) : new LineSplitter(limit)
    })

/** Writes values as UTF-8: an array with one item per line, or one value per line. */
export const encode =
  (format: Format) => <E, R>(values: Stream.Stream<Value, E, R>): Stream.Stream<Uint8Array, E, R> => {
    const [start, between, end] = format === "json" ? ["[\n", ",\n", "\n]\n"] : ["", "\n", "\n"]
    return Stream.suspend(() => {
      let before = start
      const chunk = (items: ReadonlyArray<Value>) => {
        const text = before + items.map((item) => Json.stringify(item)).join(between)
        before = between
        return [encoder.encode(text)] as const
      }
      const last = Stream.suspend(() =>
        before === start && format === "jsonl"
          ? Stream.empty
          : Stream.succeed(encoder.encode(before === start ? "[]\n" : end))
      )
      return Stream.concat(Stream.mapArray(values, chunk), last)
    })
  }

const encoder = new TextEncoder()

/** Takes bytes and gives the items that are whole. Throws a {@link JsonStreamError}. */
export interface Splitter<A> {
  readonly push: (bytes: Uint8Array) => ReadonlyArray<A>
  readonly end: () => ReadonlyArray<A>
}

/** The items that a splitter of its own finds in each run of the stream. */
export const fromSplitter = <A, E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  make: () => Splitter<A>
): Stream.Stream<A, E | JsonStreamError, R> =>
  Stream.suspend(() => {
    const splitter = make()
    return bytes.pipe(
      // One by one, so that the items of one part are gone before those of the next come.
      Stream.mapArray(partsOf),
      Stream.rechunk(1),
      Stream.mapAccumArrayEffect(() => splitter, (state, [chunk]) =>
        Effect.map(attempt(() => state.push(chunk)), (items) => [state, items] as const)),
      Stream.concat(Stream.fromArrayEffect(attempt(() =>
        splitter.end()
      )))
    )
  })

/** What is read at once: larger parts take more memory, and more time, since their items outlive the young generation. */
const partBytes = 64 * 1024

const partsOf = (chunks: Arr.NonEmptyReadonlyArray<Uint8Array>): Arr.NonEmptyReadonlyArray<Uint8Array> =>
  chunks.every(({ length }) => length <= partBytes) ? chunks : Arr.flatMap(chunks, (chunk) =>
    Arr.makeBy(
      Math.max(1, Math.ceil(chunk.length / partBytes)),
      (part) => chunk.subarray(part * partBytes, (part + 1) * partBytes)
    ))

/** Fails with the {@link JsonStreamError} that `work` throws. */
export const attempt = <A>(work: () => A): Effect.Effect<A, JsonStreamError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(work())
    } catch (error) {
      return error instanceof JsonStreamError ? Effect.fail(error) : Effect.die(error)
    }
  })

/** Bytes that wait for the end of their item, in one buffer that is used again and again. */
export class Pending {
  bytes = new Uint8Array(256 * 1024)
  length = 0
  readonly #limit: number
  /** Also leaves out the mark that some programs put at the beginning. */
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds bytes and returns where they begin. */
  add(bytes: Uint8Array): number {
    const at = this.length
    if (at + bytes.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(at + bytes.length, 2 * this.bytes.length))
      grown.set(this.bytes.subarray(0, at))
      this.bytes = grown
    }
    this.bytes.set(bytes, at)
    this.length += bytes.length
    return at
  }

  text(from: number, to: number): string {
    try {
      return this.#decoder.decode(this.bytes.subarray(from, to))
    } catch {
      throw new JsonStreamError({ message: "it is not UTF-8" })
    }
  }

  /** Forgets what is before `to`. What remains is a part of one item, which must not grow without bound. */
  drop(to: number): void {
    this.bytes.copyWithin(0, to, this.length)
    this.length -= to
    if (this.length > this.#limit) {
      throw new JsonStreamError({ message: `one item is longer than ${this.#limit} bytes` })
    }
  }
}

class LineSplitter implements Splitter<Value> {
  readonly #pending: Pending
  #line = 0

  constructor(limit: number) {
    this.#pending = new Pending(limit)
  }

  push(bytes: Uint8Array): ReadonlyArray<Value> {
    const pending = this.#pending
    const values: Array<Value> = []
    let from = 0
    let at = pending.add(bytes)
    for (;;) {
      const end = pending.bytes.indexOf(10, at)
      // What is beyond the length is of an earlier chunk.
      if (end === -1 || end >= pending.length) break
      this.#read(pending.text(from, end), values)
      from = at = end + 1
    }
    pending.drop(from)
    return values
  }

  end(): ReadonlyArray<Value> {
    const values: Array<Value> = []
    this.#read(this.#pending.text(0, this.#pending.length), values)
    return values
  }

  #read(text: string, into: Array<Value>): void {
    this.#line++
    if (text.trim() === "") return
    const value = Json.parse(text)
    if (Result.isFailure(value)) throw new JsonStreamError({ message: `line ${this.#line}: ${value.failure.message}` })
    into.push(value.success)
  }
}

/** What some programs put at the beginning of UTF-8. */
const mark = [0xef, 0xbb, 0xbf]
const quote = 34
const backslash = 92
const comma = 44

class ArraySplitter implements Splitter<Value> {
  readonly #pending: Pending
  /** 0 before the array, 1 between its items, more within one, -1 after it. */
  #depth = 0
  #inText = false
  #escaped = false
  #items = 0

  constructor(limit: number) {
    this.#pending = new Pending(limit)
  }

  push(bytes: Uint8Array): ReadonlyArray<Value> {
    const pending = this.#pending
    const at = pending.add(bytes)
    const from = this.#depth === 0 ? this.#open() : 0
    if (this.#depth === 0) {
      pending.drop(0)
      return []
    }
    if (this.#depth === -1) {
      this.#nothingFrom(0)
      return []
    }
    const { closed, cut } = this.#scan(Math.max(at, from))
    if (cut === -1) {
      pending.drop(from)
      return []
    }
    const values = this.#read(from, cut, closed)
    if (closed) this.#nothingFrom(cut + 1)
    else pending.drop(cut + 1)
    return values
  }

  end(): ReadonlyArray<Value> {
    if (this.#depth === -1) return []
    const message = this.#depth === 0 && this.#pending.length === 0
      ? "the text is empty"
      : `the array has no end; it was cut off after item ${this.#items}`
    throw new JsonStreamError({ message })
  }

  /** Goes into the array; returns where its first item begins. */
  #open(): number {
    const { bytes, length } = this.#pending
    let at = 0
    while (at < length && (isSpace(bytes[at]!) || bytes[at] === mark[at])) at++
    if (at === length) return 0
    if (bytes[at] !== 91) {
      const message = bytes[at] === 123 ? "it is one object, not an array of items" : "it does not begin with ["
      throw new JsonStreamError({ message })
    }
    this.#depth = 1
    return at + 1
  }

  /** Finds the last comma between items, or the end of the array, from `at` on. */
  #scan(at: number): { readonly cut: number; readonly closed: boolean } {
    const { bytes, length } = this.#pending
    let cut = -1
    let depth = this.#depth
    let inText = this.#inText
    let escaped = this.#escaped
    for (; at < length; at++) {
      const byte = bytes[at]!
      if (inText) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inText = false
      } else if (byte === quote) inText = true
      else if (byte === 123 || byte === 91) depth++
      else if (byte === 125 || byte === 93) {
        if (--depth === 0) {
          this.#depth = -1
          return { cut: at, closed: true }
        }
      } else if (byte === comma && depth === 1) cut = at
    }
    this.#depth = depth
    this.#inText = inText
    this.#escaped = escaped
    return { cut, closed: false }
  }

  #read(from: number, to: number, closed: boolean): ReadonlyArray<Value> {
    const text = this.#pending.text(from, to)
    if (text.trim() === "") {
      // Only the end of an array without any items.
      if (closed && this.#items === 0 && this.#pending.bytes[to] === 93) return []
      throw new JsonStreamError({ message: `item ${this.#items + 1}: the text is empty` })
    }
    if (closed && this.#pending.bytes[to] !== 93) {
      throw new JsonStreamError({ message: `the array ends with } after item ${this.#items}` })
    }
    const values = Json.parse(`[${text}]`)
    if (Result.isFailure(values)) throw this.#firstFault(text, values.failure.message)
    const items = values.success as ReadonlyArray<Value>
    this.#items += items.length
    return items
  }

  /** Reads a part that is known to be wrong item by item, to say which one it is. */
  #firstFault(text: string, message: string): JsonStreamError {
    const items = splitItems(text)
    const at = items.findIndex((item) => Result.isFailure(Json.parse(item)))
    const fault = at === -1 ? undefined : Json.parse(items[at]!)
    return new JsonStreamError({
      message: fault === undefined || Result.isSuccess(fault)
        ? message
        : `item ${this.#items + at + 1}: ${fault.failure.message}`
    })
  }

  #nothingFrom(at: number): void {
    const { bytes, length } = this.#pending
    for (let from = at; from < length; from++) {
      if (!isSpace(bytes[from]!)) {
        throw new JsonStreamError({ message: `something follows the array of ${this.#items} items` })
      }
    }
    this.#pending.drop(length)
  }
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9

/** The texts between the commas that are in no text, list or object. */
const splitItems = (text: string): ReadonlyArray<string> => {
  const items: Array<string> = []
  let depth = 0
  let from = 0
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    if (match[0] === "{" || match[0] === "[") depth++
    else if (match[0] === "}" || match[0] === "]") depth--
    else if (match[0] === "," && depth === 0) {
      items.push(text.slice(from, match.index))
      from = match.index + 1
    }
  }
  return [...items, text.slice(from)]
}
