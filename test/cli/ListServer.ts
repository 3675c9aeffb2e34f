/** An API of lists on loopback: `/sites?page=1` (or `?cursor=0`), details at `/sites/7`, and what goes wrong with either. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout } from "node:timers/promises"

export interface Options {
  readonly rows: number
  /** @default 10 */
  readonly pageSize?: number
  /** Milliseconds until an answer. @default 0 */
  readonly delay?: () => number
  /** Says how many rows there are. @default true */
  readonly total?: boolean
  /** Answers otherwise; `undefined` for the usual answer. */
  readonly instead?: (url: URL) => { readonly status: number; readonly body: unknown } | undefined
}

export const row = (id: number) => ({ id, name: `site ${id}`, frozen: id % 10 === 9, owner: { name: `o${id % 3}` } })

export const start = async (options: Options) => {
  const { pageSize = 10, rows, total = true } = options
  const asked: Array<string> = []
  const page = (from: number) =>
    Array.from({ length: Math.max(0, Math.min(pageSize, rows - from)) }, (_, at) => row(from + at))
  const usual = (url: URL) => {
    const one = /^\/sites\/(\d+)$/.exec(url.pathname)?.[1]
    if (one !== undefined) return { ...row(Number(one)), plan: "basic" }
    const cursor = url.searchParams.get("cursor")
    if (cursor !== null) {
      const next = Number(cursor) + pageSize
      return { items: page(Number(cursor)), next_cursor: next < rows ? String(next) : null }
    }
    const from = (Number(url.searchParams.get("page") ?? 1) - 1) * pageSize
    return { items: page(from), ...total ? { total: rows } : {} }
  }
  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, "http://127.0.0.1")
    asked.push(request.url!)
    const { body, status } = options.instead?.(url) ?? { status: 200, body: usual(url) }
    const delay = options.delay?.() ?? 0
    if (delay > 0) await setTimeout(delay)
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Paths of all requests so far. */
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    }
  }
}
