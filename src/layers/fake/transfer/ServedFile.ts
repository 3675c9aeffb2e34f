/** A file as `FakeFileTransfer` serves it, and what a request for it is answered. Pure. */
import type { Duration } from "effect"
import { createHash } from "node:crypto"

/** Left out: with its length, a strong ETag and ranges, at once and whole. */
export interface ServedFile {
  /** @default nothing */
  readonly content?: Uint8Array | undefined
  /** An answer other than the file. @default 200, or 206 and 416 for ranges */
  readonly status?: number | undefined
  /** With its quotes. @default made of the content */
  readonly etag?: string | undefined
  /** Whether parts of it can be had. @default true */
  readonly ranges?: boolean | undefined
  /** Names in lower case; they come before the usual ones, `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** Time until the answer. @default none */
  readonly delay?: Duration.Duration | undefined
  /** Of each answer; bytes come once a second. @default at once */
  readonly bytesPerSecond?: number | undefined
  /** Bytes of a body after which the connection breaks. @default never */
  readonly cutAfter?: number | undefined
  /** Bytes of a body after which nothing comes any more. @default never */
  readonly silentAfter?: number | undefined
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const none = new Uint8Array(0)

/** Answers a request with these headers, names in lower case. */
export const answer = (file: ServedFile, request: Readonly<Record<string, string | undefined>>): Answered => {
  const content = file.content ?? none
  if (file.status !== undefined) return answered(file.status, { "content-length": `${content.length}` }, content, file)
  const etag = file.etag ?? `"${createHash("sha1").update(content).digest("hex")}"`
  const usual = { etag, ...(file.ranges === false ? {} : { "accept-ranges": "bytes" }) }
  const range = file.ranges === false ? null : /^bytes=(\d+)-(\d+)$/.exec(request["range"] ?? "")
  const isSame = request["if-range"] === undefined || request["if-range"] === etag
  if (range === null || !isSame) {
    return answered(200, { ...usual, "content-length": `${content.length}` }, content, file)
  }
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)]
  if (from >= content.length) return answered(416, { "content-range": `bytes */${content.length}` }, none, file)
  const own = { "content-range": `bytes ${from}-${to}/${content.length}`, "content-length": `${to + 1 - from}` }
  return answered(206, { ...usual, ...own }, content.subarray(from, to + 1), file)
}

const answered = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  file: ServedFile
): Answered => {
  const all = Object.entries({ ...headers, ...file.headers })
  return {
    status,
    headers: Object.fromEntries(all.flatMap(([name, value]) => value === undefined ? [] : [[name, value]])),
    body
  }
}
