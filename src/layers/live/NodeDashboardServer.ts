/**
 * Serves a dashboard with `node:http` on 127.0.0.1. The address has a random part, the Host header must be this server's (no page of
 * another site reaches it under a name of its own), and there are no cross-origin headers.
 *
 * Everything is bounded: pages, what waits to be sent to each, and what is kept for newcomers. Server and sockets are unreferenced.
 */
import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { DashboardServer, DashboardServerError } from "../../services/DashboardServer.ts"

const mostReaders = 16
/** Events kept for newcomers, and their bytes. */
const mostKept = 3_600
const mostKeptBytes = 16_000_000
/** Bytes that may wait for a reader: all that is kept, and as much again. */
const mostWaiting = 2 * mostKeptBytes

export const layer: Layer.Layer<DashboardServer> = Layer.succeed(DashboardServer, {
  open: Effect.fn("DashboardServer.open")(function*(port: number, page: string) {
    const token = randomBytes(16).toString("hex")
    const events = new Events()
    const server = createServer((request, response) => answer(request, response, token, page, events))
    server.on("connection", (socket) => socket.unref())
    server.requestTimeout = 10_000
    server.unref()
    const actual = yield* Effect.acquireRelease(Effect.succeed(server), close).pipe(
      Effect.andThen(listen(server, port))
    )
    return { url: `http://127.0.0.1:${actual}/${token}/`, send: (event: string) => events.send(event) }
  })
})

const answer = (request: IncomingMessage, response: ServerResponse, token: string, page: string, events: Events) => {
  const { host } = request.headers
  const isHere = host !== undefined && /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)
  const [path] = (request.url ?? "").split("?")
  if (!isHere || request.method !== "GET") return end(response, 404, "text/plain", "")
  if (path === `/${token}/`) return end(response, 200, "text/html; charset=utf-8", page)
  if (path === `/${token}/events`) return events.join(response)
  return end(response, 404, "text/plain", "")
}

const headers = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin"
}

const end = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...headers, "content-type": type }).end(body)
}

/** What was sent, and who is told of what comes. */
class Events {
  private readonly kept: Array<string> = []
  private readonly readers = new Set<ServerResponse>()
  private sent = 0
  private bytes = 0

  join(response: ServerResponse): void {
    if (this.readers.size >= mostReaders) return end(response, 503, "text/plain", "too many pages are open")
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" })
    response.on("error", () => {})
    response.on("close", () => this.readers.delete(response))
    this.readers.add(response)
    // A page that comes back begins anew: it has the same events then as one that was there all the time.
    response.write(`retry: 2000\nevent: begin\ndata: {}\n\n${this.kept.join("")}`)
  }

  send(event: string): void {
    const text = `id: ${++this.sent}\ndata: ${event.replaceAll(/[\r\n]+/g, " ")}\n\n`
    this.kept.push(text)
    this.bytes += text.length
    while (this.kept.length > mostKept || this.bytes > mostKeptBytes) this.bytes -= this.kept.shift()!.length
    for (const reader of this.readers) {
      if (reader.writableLength > mostWaiting) reader.destroy()
      else reader.write(text)
    }
  }
}

const listen = (server: Server, port: number) =>
  Effect.callback<number, DashboardServerError>((resume) => {
    server.once("error", (cause) => resume(Effect.fail(new DashboardServerError({ port, cause }))))
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
    })
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
