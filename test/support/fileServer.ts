/** A server of files for the tests of downloads: ranges, ETags, and the faults of real ones, told per path. */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as HttpServers from "./HttpServers.ts"

/** How a file is served. Left out: with ranges, a strong ETag and its length. */
export interface Served {
  bytes: Buffer
  etag?: string | undefined
  /** Whether ranges are given. @default true */
  ranges?: boolean
  headers?: Readonly<Record<string, string>>
  /** Answers in place of the file, where it does. */
  before?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Bytes of a body after which its connection ends; `undefined` for whole ones. */
  cutAfter?: number | undefined
}

export const random = (length: number, seed = 1): Buffer => {
  const block = createHash("sha512").update(String(seed)).digest()
  const bytes = Buffer.alloc(length, block)
  // Not the same in every piece.
  for (let at = 0; at + 4 <= length; at += 4_096) bytes.writeUInt32LE((at * 2_654_435_761 + seed) >>> 0, at)
  return bytes
}

export const start = Effect.fnUntraced(function*(files: Record<string, Served>) {
  const requests: Array<{ readonly path: string; readonly headers: IncomingMessage["headers"] }> = []
  const server = yield* HttpServers.http((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname
    requests.push({ path, headers: request.headers })
    const file = files[path]
    if (file === undefined) return void response.writeHead(404).end()
    if (file.before?.(request, response) === true) return
    serve(file, request, response)
  })
  return { ...server, files, requests }
})

const serve = (file: Served, request: IncomingMessage, response: ServerResponse): void => {
  const { bytes, ranges = true } = file
  const etag = file.etag ?? `"${createHash("sha1").update(bytes).digest("hex")}"`
  const headers: Record<string, string> = { etag, ...(ranges ? { "accept-ranges": "bytes" } : {}), ...file.headers }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")
  const isSame = request.headers["if-range"] === undefined || request.headers["if-range"] === etag
  if (ranges && range !== null && isSame) {
    const [from, to] = [Number(range[1]), Number(range[2])]
    if (from >= bytes.length) {
      return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end()
    }
    response.writeHead(206, {
      ...headers,
      "content-range": `bytes ${from}-${to}/${bytes.length}`,
      "content-length": String(to + 1 - from)
    })
    return send(response, bytes.subarray(from, to + 1), file.cutAfter)
  }
  response.writeHead(200, { "content-length": String(bytes.length), ...headers })
  send(response, bytes, file.cutAfter)
}

const send = (response: ServerResponse, bytes: Buffer, cutAfter: number | undefined): void => {
  if (cutAfter === undefined || cutAfter >= bytes.length) return void response.end(bytes)
  response.write(bytes.subarray(0, cutAfter), () => setTimeout(() => response.socket?.destroy(), 20))
}
