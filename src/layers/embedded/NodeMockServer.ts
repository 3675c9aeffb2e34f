/** Stub HTTP APIs by `node:http`, on loopback only, each on a port of its own. */
import { Duration, Effect, Layer, Result } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Bytes from "../../core/Bytes.ts"
import * as MockRoutes from "../../services/http/MockRoutes.ts"
import { type Definition, MockServer, MockServerError, type Running } from "../../services/MockServer.ts"

/** Bodies over this are answered with 413. */
const maxBodyBytes = 10_000_000

export const layer: Layer.Layer<MockServer> = Layer.sync(MockServer, () => ({ start }))

const start = Effect.fn("MockServer.start")(function*(definition: Definition) {
  const routes = MockRoutes.make(definition)
  if (Result.isFailure(routes)) {
    return yield* new MockServerError({ reason: "Invalid", problems: routes.failure })
  }
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer((request, response) => serve(routes.success, request, response, timers))
  yield* Effect.acquireRelease(listen(server), () => close(server, timers))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, calls: routes.success.calls } satisfies Running
})

const listen = (server: Server): Effect.Effect<void, MockServerError> =>
  Effect.callback((resume) => {
    server.once("error", (cause) =>
      resume(Effect.fail(
        new MockServerError({
          reason: "Unavailable",
          problems: [`no port of loopback can be had: ${cause.message}`],
          cause
        })
      )))
    server.listen(0, "127.0.0.1", () => resume(Effect.void))
  })

const close = (server: Server, timers: Set<NodeJS.Timeout>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    for (const timer of timers) clearTimeout(timer)
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const serve = (
  routes: MockRoutes.MockRoutes,
  request: IncomingMessage,
  response: ServerResponse,
  timers: Set<NodeJS.Timeout>
): void => {
  const chunks: Array<Buffer> = []
  let length = 0
  request.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (length <= maxBodyBytes) chunks.push(chunk)
  })
  request.on("error", () => response.destroy())
  request.on("end", () => {
    const url = URL.parse(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`)
    if (length > maxBodyBytes || url === null) return void response.writeHead(url === null ? 400 : 413).end()
    const sent = routes.answer({
      method: request.method ?? "GET",
      url,
      headers: headersOf(request),
      body: Bytes.concat(chunks)
    })
    const millis = Duration.toMillis(sent.delay)
    if (millis === 0) return answer(response, sent)
    const timer = setTimeout(() => {
      timers.delete(timer)
      answer(response, sent)
    }, millis)
    timers.add(timer)
  })
}

const answer = (response: ServerResponse, sent: MockRoutes.Sent): void => {
  if (sent.drop) return void response.destroy()
  for (const [name, value] of sent.headers) response.appendHeader(name, value)
  const hasBody = sent.status !== 204 && sent.status !== 304
  if (hasBody && !response.hasHeader("content-length")) {
    response.setHeader("content-length", Buffer.byteLength(sent.body))
  }
  response.writeHead(sent.status)
  response.end(hasBody ? sent.body : undefined)
}

const headersOf = (request: IncomingMessage): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ")
  }
  return headers
}
