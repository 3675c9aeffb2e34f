/** Keeps answers that have an `ETag`, to ask the server whether they still hold instead of having them sent again. */
import { LRUCache } from "lru-cache"
import type { Exchange, Request } from "../HttpExchange.ts"

export interface Revalidation {
  /** The request with `If-None-Match`, when an answer to it is kept. */
  readonly ask: (request: Request, key: string) => Request
  /** The answer to give out: the kept one in the place of a 304. */
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
      if (exchange.status === 304) return kept.get(key) ?? exchange
      const { etag, "cache-control": control } = exchange.headers
      if (exchange.status === 200 && etag !== undefined && !/\bno-store\b/i.test(control ?? "")) kept.set(key, exchange)
      else kept.delete(key)
      return exchange
    }
  }
}
