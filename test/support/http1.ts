/** What a parser of HTTP/1.1 found, as plain data, so that two of them can be compared. */
import { ResponseParser } from "../../src/core/http1/ResponseParser.ts"

export interface Response {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
  readonly keepAlive: boolean
  readonly complete: boolean
}

export interface Reading {
  readonly responses: ReadonlyArray<Response>
  readonly refusal: string | undefined
}

export interface ReadOptions {
  readonly headOnly?: boolean | undefined
  readonly maxHeadBytes?: number | undefined
  /** Whether the connection closes after the last byte. @default true */
  readonly closed?: boolean | undefined
  /** Whether nothing is read after a response that ends the connection. @default false */
  readonly untilClose?: boolean | undefined
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** Reads `bytes` in pieces that end at `cuts`, each copied to the same place, as from a socket. */
export const read = (bytes: Uint8Array, cuts: ReadonlyArray<number> = [], options: ReadOptions = {}): Reading => {
  const responses: Array<{ -readonly [K in keyof Response]: Response[K] }> = []
  const parser = new ResponseParser({
    onHead: (status, parser) =>
      responses.push({ status, headers: parser.headers(), body: "", keepAlive: parser.keepAlive, complete: false }),
    onBody: (buffer, start, end) => responses.at(-1)!.body += String.fromCharCode(...buffer.subarray(start, end)),
    onEnd: () => responses.at(-1)!.complete = true
  }, { maxHeadBytes: options.maxHeadBytes })
  parser.headOnly = options.headOnly ?? false
  const isOver = () => options.untilClose === true && responses.at(-1)?.complete === true && !parser.keepAlive
  const shared = new Uint8Array(bytes.length + 3)
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    shared.fill(0).set(bytes.subarray(from, to), 3)
    const end = 3 + to - from
    for (let at = 3; at < end && parser.refusal === undefined && !isOver();) at = parser.execute(shared, at, end)
    from = to
  }
  if (
    (options.closed ?? true) && parser.refusal === undefined && !(parser.isIdle && responses.at(-1)?.complete === true)
  ) {
    parser.finish()
  }
  return { responses, refusal: parser.refusal }
}
