/** A file in pieces that are fetched by ranges, and what a server says about them. Pure. */

/** Bytes from `from` up to but without `to`, of which the first `done` are there. */
export interface Segment {
  readonly from: number
  readonly to: number
  done: number
}

/** Pieces are not made smaller than this: each costs a request. */
export const smallest = 8 * 1_048_576

/** Cuts a file into at most `count` pieces of about one size. */
export const split = (size: number, count: number, least: number = smallest): ReadonlyArray<Segment> => {
  const pieces = Math.max(1, Math.min(count, Math.floor(size / least)))
  const edge = (index: number) => Math.floor(size * index / pieces)
  return Array.from({ length: pieces }, (_, index) => ({ from: edge(index), to: edge(index + 1), done: 0 }))
}

/** What is left to fetch. */
export const missing = (segments: ReadonlyArray<Segment>): ReadonlyArray<Segment> =>
  segments.filter(({ done, from, to }) => from + done < to)

/** Bytes that are there. */
export const bytesOf = (segments: ReadonlyArray<Segment>): number => segments.reduce((sum, { done }) => sum + done, 0)

/** Whether the pieces are those of a file of that size, without gap or overlap. */
export const covers = (segments: ReadonlyArray<Segment>, size: number): boolean =>
  segments.length > 0 && segments.every(({ done, from, to }, index) =>
    from === (index === 0 ? 0 : segments[index - 1]!.to) && done >= 0 && from + done <= to
  ) && segments.at(-1)!.to === size

export interface Headers {
  readonly [name: string]: string | undefined
}

/** What tells one version of a file from another, as far as ranges may depend on it. */
export interface Version {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/**
 * Reads it. A weak ETag and a date of the last minute tell nothing of bytes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.2
 */
export const versionOf = (headers: Headers): Version => {
  const etag = headers["etag"]
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return { etag }
  const modified = headers["last-modified"]
  const age = Date.parse(headers["date"] ?? "") - Date.parse(modified ?? "")
  return modified !== undefined && age >= 60_000 ? { lastModified: modified } : {}
}

/** The value of `If-Range`; `undefined` when ranges of this version cannot be asked for safely. */
export const ifRange = (version: Version): string | undefined => version.etag ?? version.lastModified

/** The length that a 200 announces; `undefined` when it does not. */
export const lengthOf = (headers: Headers): number | undefined => {
  const text = headers["content-length"]
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Whether an answer is the piece that was asked for, of the file that is being fetched. */
export const isPiece = (headers: Headers, from: number, to: number, size: number, version: Version): boolean => {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(headers["content-range"] ?? "")
  if (range === null || Number(range[1]) !== from || Number(range[2]) !== to - 1) return false
  if (range[3] !== "*" && Number(range[3]) !== size) return false
  return version.etag === undefined || headers["etag"] === undefined || headers["etag"] === version.etag
}
