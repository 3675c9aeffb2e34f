/** The targets of `LoadTransportSuite` on real sockets. */
import { Effect, Layer, type Scope } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import type { OpenOptions } from "../../src/services/LoadTransport.ts"
import { World } from "../services/LoadTransportSuite.ts"
import * as HttpServers from "./HttpServers.ts"

type Start = (
  listener: (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void
) => Effect.Effect<HttpServers.Running, never, Scope.Scope>

export const world = (start: Start, options: OpenOptions = {}, connects = true): Layer.Layer<World> =>
  Layer.effect(
    World,
    Effect.gen(function*() {
      let requests = 0
      const server = yield* start((request, response) => {
        requests++
        if (request.url === "/never") return
        if (request.url === "/reset") return hangUp(request)
        if (request.url === "/echo") return void request.pipe(response)
        response.setHeader("x-answer", "yes")
        response.statusCode = request.url === "/ok" ? 200 : 404
        response.end("hello")
      })
      const closed = yield* Effect.scoped(start(() => {}))
      return {
        url: server.url,
        closedUrl: closed.url,
        options,
        connects,
        elapse: () => Effect.void,
        requests: Effect.sync(() => requests),
        sockets: settled(() => server.sockets.size)
      }
    })
  )

const hangUp = (request: IncomingMessage | Http2ServerRequest): void =>
  void ("stream" in request ? request.stream.session?.destroy() : request.socket.destroy())

/** Waits until the other side has seen what this side did, and answers with the value that stays. */
export const settled = (value: () => number): Effect.Effect<number> =>
  Effect.promise(async () => {
    let before = value()
    for (let same = 0; same < 4;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      same = value() === before ? same + 1 : 0
      before = value()
    }
    return before
  })
