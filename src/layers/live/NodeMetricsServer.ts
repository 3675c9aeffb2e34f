/** Serves metrics with `node:http` on 127.0.0.1 only. Each server closes with its scope, its connections included. */
import { Effect, Exit, Layer } from "effect"
import { createServer, type Server, type ServerResponse } from "node:http"
import { MetricsServer, MetricsServerError } from "../../services/MetricsServer.ts"

const contentType = "text/plain; version=0.0.4; charset=utf-8"

const answer = (response: ServerResponse, status: number, body: string) => {
  response.writeHead(status, { "content-type": contentType }).end(body)
}

const listen = (server: Server, port: number) =>
  Effect.callback<string, MetricsServerError>((resume) => {
    server.once("error", (cause) => resume(Effect.fail(new MetricsServerError({ port, cause }))))
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      const actual = typeof address === "object" && address !== null ? address.port : port
      resume(Effect.succeed(`http://127.0.0.1:${actual}/metrics`))
    })
  })

const close = (server: Server) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

export const layer: Layer.Layer<MetricsServer> = Layer.succeed(MetricsServer, {
  serve: Effect.fn("MetricsServer.serve")(function*(port: number, text: Effect.Effect<string>) {
    const run = Effect.runCallbackWith(yield* Effect.context<never>())
    const server = createServer((request, response) => {
      if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") return answer(response, 404, "")
      // Ends with the answer; a scraper that goes away does not matter to a text already in memory.
      run(text, {
        onExit: (exit) => Exit.isSuccess(exit) ? answer(response, 200, exit.value) : answer(response, 500, "")
      })
    })
    return yield* Effect.acquireRelease(Effect.succeed(server), close).pipe(Effect.andThen(listen(server, port)))
  })
})
