/**
 * Keeps answers that have an `ETag`, to ask the server whether they still hold instead of having them sent again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.3.4 what a 304 does to the answer that is kept
 */
import { Struct } from "effect"
import { LRUCache } from "lru-cache"
import type { Exchange, Request } from "../HttpExchange.ts"

export interface Revalidation {
  /** The request with `If-None-Match`, when an answer to it is kept. */
  readonly ask: (request: Request, key: string) => Request
  /** The answer to give out: the kept one in the place of a 304, with the headers of the latter. */
  readonly answer: (exchange: Exchange, key: string) => Exchange
}

/** Keeps at most so many bytes of bodies; larger ones than a tenth of that are not kept. */
export const make = (maxBytes: number): Revalidation => {
  const kept = new LRUCache<string, Exchange>({
    maxSize: Math.max(1, maxBytes),
    maxEntrySize: Math.max(1, Math.floor(maxBytes / 10)),
    sizeCalculation: ({ bytes }) => bytes.length + 1_000
  })
  return {
    ask: (request, key) => {
      const etag = kept.get(key)?.headers["etag"]
      return etag === undefined ? request : { ...request, headers: { ...request.headers, "if-none-match": etag } }
    },
    answer: (exchange, key) => {
      if (exchange.status === 304) {
        const before = kept.get(key)
        if (before === undefined) return exchange
        // The text is made when it is read, so it is no field of its own.
        const fresh = {
          ...before,
          text: before.text,
          headers: { ...before.headers, ...withoutLength(exchange.headers) }
        }
        kept.set(key, fresh)
        return fresh
      }
      const { etag, "cache-control": control } = exchange.headers
      if (exchange.status === 200 && etag !== undefined && !/\bno-store\b/i.test(control ?? "")) kept.set(key, exchange)
      else kept.delete(key)
      return exchange
    }
  }
}

/** Headers of a 304 that hold for the answer that is kept too; the length is that of a body that was not sent. */
const withoutLength = (headers: Exchange["headers"]): Exchange["headers"] => Struct.omit(headers, ["content-length"])
