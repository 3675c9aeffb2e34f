/** Decompression of HTTP bodies as they arrive: `gzip`, `deflate`, `br`, `zstd`. One layer only: nested ones are refused. */
import { pipeline, type Readable, Transform, type TransformCallback } from "node:stream"
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress
} from "node:zlib"

/** What is asked of servers; `deflate` is understood but not asked for, since servers disagree about what it is. */
export const acceptEncoding = "gzip, br, zstd"

/** A body whose encoding is a chain. `code` is what `services/http/Failure` knows it by. */
export class NestedEncoding extends Error {
  readonly code = "SKEIN_NESTED_ENCODING"
  constructor(encoding: string) {
    super(`the body is encoded more than once (${encoding.slice(0, 100)}), which is not decoded`)
  }
}

/**
 * Returns the decoder for a `content-encoding`, or `undefined` for a body that is to be left as it is: no encoding,
 * `identity`, or one that is not known. Throws {@link NestedEncoding}.
 */
export const decoderFor = (encoding: string | ReadonlyArray<string> | undefined): Transform | undefined => {
  if (encoding === undefined) return undefined
  const text = typeof encoding === "string" ? encoding : encoding.join(",")
  const names = text.toLowerCase().split(",").map((name) => name.trim()).filter((name) =>
    name !== "" && name !== "identity"
  )
  if (names.length > 1) throw new NestedEncoding(text)
  return names[0] === undefined ? undefined : decoders[names[0]]?.()
}

/** Pipes `body` through `decoder`. An error or an early end of one ends the other. */
export const through = (body: Readable, decoder: Transform): Transform =>
  // The reader of the decoder hears of the error; nobody waits for the callback.
  pipeline(body, decoder, () => {})

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: createBrotliDecompress,
  // A window of 8 MB, the most that RFC 9659 lets a server use.
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
  deflate: () => new Inflate()
}

/** Deflate with its zlib header, as the RFC says, or without, as some servers send it: the first byte tells. */
class Inflate extends Transform {
  private inner: Transform | undefined

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (chunk.length === 0) return done()
    if (this.inner === undefined) {
      this.inner = (chunk[0]! & 0x0f) === 8 ? createInflate() : createInflateRaw()
      this.inner.on("data", (data: Buffer) => {
        if (!this.push(data)) this.inner?.pause()
      })
      this.inner.on("error", (error) => this.destroy(error))
    }
    this.inner.write(chunk, done)
  }

  override _read(size: number): void {
    this.inner?.resume()
    super._read(size)
  }

  override _flush(done: TransformCallback): void {
    if (this.inner === undefined) return done()
    this.inner.once("end", () => done())
    this.inner.end()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner?.destroy()
    done(error)
  }
}
