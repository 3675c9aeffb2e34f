/**
 * The format of HdrHistogram (V2, compressed, base64), which other tools read: histograms of ours have the same buckets.
 *
 * @see https://github.com/HdrHistogram/HdrHistogram AbstractHistogram.encodeIntoCompressedByteBuffer
 */
import { Effect, Result, Schema } from "effect"
import { Base64 } from "effect/encoding"
import { fine, Histogram } from "./Histogram.ts"
import { Reader, Writer } from "./Varint.ts"

/** Text that is no histogram, or one that cannot be had here. `reason` is a clause: "it is torn". */
export class HdrHistogramError extends Schema.TaggedError<HdrHistogramError>()("HdrHistogramError", {
  reason: Schema.String
}) {
  override get message(): string {
    return `not a histogram of HdrHistogram V2: ${this.reason}`
  }
}

/** Writes a fine histogram; its counts are exact, its smallest and largest value as far as the buckets tell. */
export const encode = (histogram: Histogram): Effect.Effect<string> =>
  Effect.map(zipped(plain(histogram)), (body) => {
    const bytes = new Uint8Array(8 + body.length)
    const head = new DataView(bytes.buffer)
    head.setUint32(0, compressedCookie)
    head.setUint32(4, body.length)
    bytes.set(body, 8)
    return Base64.encode(bytes)
  })

/** Reads a histogram of three digits over values from 1 up, of ours or of another tool. */
export const decode = Effect.fnUntraced(function*(text: string): Effect.fn.Return<Histogram, HdrHistogramError> {
  const bytes = Base64.decode(text)
  if (Result.isFailure(bytes)) return yield* failed("it is not base64")
  if (bytes.success.length < 8) return yield* failed("it is torn")
  const head = viewOf(bytes.success)
  if ((head.getUint32(0) & cookieMask) !== (compressedCookie & cookieMask)) return yield* failed("it begins otherwise")
  return yield* read(yield* unzipped(bytes.success.subarray(8, 8 + head.getUint32(4))))
})

const cookie = 0x1c849313
const compressedCookie = 0x1c849314
/** The word size is no part of the version. */
const cookieMask = ~0xf0
const headBytes = 40
const digits = 3
const highest = 2 ** 32 - 1

const failed = (reason: string) => Effect.fail(new HdrHistogramError({ reason }))
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** The head, then counts in zigzag: a negative number stands for so many empty buckets. */
const plain = (histogram: Histogram): Uint8Array<ArrayBuffer> => {
  const writer = new Writer()
  let empty = 0
  for (const count of histogram.cells) {
    if (count === 0) {
      empty++
      continue
    }
    if (empty > 0) writer.number(empty === 1 ? 0 : 2 * empty - 1)
    writer.number(2 * count)
    empty = 0
  }
  const counts = writer.done()
  const bytes = new Uint8Array(headBytes + counts.length)
  const head = viewOf(bytes)
  head.setUint32(0, cookie)
  head.setUint32(4, counts.length)
  head.setUint32(8, 0)
  head.setUint32(12, digits)
  head.setBigUint64(16, 1n)
  head.setBigUint64(24, BigInt(highest))
  head.setFloat64(32, 1)
  bytes.set(counts, headBytes)
  return bytes
}

const read = (bytes: Uint8Array): Effect.Effect<Histogram, HdrHistogramError> => {
  if (bytes.length < headBytes) return failed("it is torn")
  const head = viewOf(bytes)
  if ((head.getUint32(0) & cookieMask) !== (cookie & cookieMask)) return failed("it begins otherwise")
  if (head.getUint32(12) !== digits) return failed(`it has ${head.getUint32(12)} digits, not ${digits}`)
  if (head.getBigUint64(16) !== 1n) return failed("its lowest value is not 1")
  return Effect.try({
    try: () => Histogram.ofCells(cellsOf(new Reader(bytes.subarray(headBytes, headBytes + head.getUint32(4)))), fine),
    catch: (error) => new HdrHistogramError({ reason: error instanceof Error ? error.message : String(error) })
  })
}

function* cellsOf(reader: Reader): Generator<readonly [index: number, count: number]> {
  let index = 0
  while (!reader.atEnd) {
    const word = reader.number()
    if (word % 2 === 1) index += (word + 1) / 2
    else {
      if (word > 0) yield [index, word / 2]
      index++
    }
  }
}

/** More than the counts of all buckets take. */
const mostBytes = 1_000_000

/** Of the platform, since Node's own zlib is for layers; and not by way of `Response`, which loads a whole HTTP client. */
const through = async (bytes: Uint8Array<ArrayBuffer>, change: CompressionStream | DecompressionStream) => {
  const chunks: Array<Uint8Array> = []
  let length = 0
  const stream = new Blob([bytes]).stream().pipeThrough<Uint8Array>(change)
  for await (const chunk of stream) {
    length += chunk.length
    if (length > mostBytes) throw new RangeError(`it has more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

const zipped = (bytes: Uint8Array<ArrayBuffer>) =>
  Effect.promise(() => through(bytes, new CompressionStream("deflate")))

const unzipped = (bytes: Uint8Array) =>
  Effect.tryPromise({
    try: () => through(bytes.slice(), new DecompressionStream("deflate")),
    catch: (error) => new HdrHistogramError({ reason: error instanceof RangeError ? error.message : "it is torn" })
  })
