/** CSV tables of any size in constant memory. Rows are found here, and read by `Csv`, which is as strict as for a whole table. */
import { Effect, Result, Stream } from "effect"
import * as JsonStream from "../../core/JsonStream.ts"
import { isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import { cell } from "../DataFormat.ts"
import * as Csv from "./Csv.ts"

/** Reads UTF-8 into records whose fields are text, named by the first row. */
export const decode = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<ValueRecord, E | JsonStream.JsonStreamError, R> =>
  JsonStream.fromSplitter(bytes, () => new RowSplitter())

/** Writes records as UTF-8, with the fields of the first one as columns. Fails on a field that it did not have. */
export const encode = <E, R>(
  values: Stream.Stream<Value, E, R>
): Stream.Stream<Uint8Array, E | JsonStream.JsonStreamError, R> =>
  Stream.suspend(() => {
    let columns: ReadonlyArray<string> | undefined
    let rows = 0
    const line = (value: Value) => {
      rows++
      if (!isRecord(value)) {
        throw new JsonStream.JsonStreamError({ message: `row ${rows}: CSV is written from records` })
      }
      const head = columns === undefined ? `${Object.keys(value).map(cell).join(",")}\n` : ""
      columns ??= Object.keys(value)
      const extra = Object.keys(value).find((key) => !columns!.includes(key))
      if (extra !== undefined) {
        const message = `row ${rows} has a field ${JSON.stringify(extra)} that the first row has not`
        throw new JsonStream.JsonStreamError({ message })
      }
      return `${head}${columns.map((column) => cell(value[column] ?? null)).join(",")}\n`
    }
    return Stream.mapArrayEffect(values, (chunk) =>
      Effect.map(
        JsonStream.attempt(() => chunk.map(line).join("")),
        (text) => [new TextEncoder().encode(text)] as const
      ))
  })

class RowSplitter implements JsonStream.Splitter<ValueRecord> {
  readonly #pending = new JsonStream.Pending(Csv.maxLength)
  #headers: ReadonlyArray<string> | undefined
  #quoted = false
  #rows = 0

  push(bytes: Uint8Array): ReadonlyArray<ValueRecord> {
    const pending = this.#pending
    let cut = 0
    for (let at = pending.add(bytes); at < pending.length; at++) {
      const byte = pending.bytes[at]
      // A quote within quotes is written twice, which leaves things as they are.
      if (byte === 34) this.#quoted = !this.#quoted
      else if (byte === 10 && !this.#quoted) cut = at + 1
    }
    const rows = cut === 0 ? [] : this.#read(pending.text(0, cut))
    pending.drop(cut)
    return rows
  }

  end(): ReadonlyArray<ValueRecord> {
    return this.#read(this.#pending.text(0, this.#pending.length))
  }

  #read(text: string): ReadonlyArray<ValueRecord> {
    const table = Csv.parse(text, { header: this.#headers === undefined })
    if (Result.isFailure(table)) throw this.#fault(table.failure.message)
    this.#headers ??= table.success.headers.length > 0 ? table.success.headers : undefined
    const headers = this.#headers
    if (headers === undefined) return []
    return table.success.cells.map((cells) => {
      if (cells.length !== headers.length) throw this.#fault(`a row of ${cells.length} fields, not ${headers.length}`)
      this.#rows++
      return Csv.row(headers, cells)
    })
  }

  #fault(message: string) {
    return new JsonStream.JsonStreamError({
      message: this.#rows === 0 ? message : `after row ${this.#rows}: ${message}`
    })
  }
}
