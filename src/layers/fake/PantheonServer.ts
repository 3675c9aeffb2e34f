/** The fake of Pantheon's API on a port, over plain HTTP. */
import { Clock, Effect, FiberSet, type Scope, Stream } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as Bytes from "../../core/Bytes.ts"
import { FakeServerError, type PantheonOptions, type PantheonRunning } from "../../services/FakeServer.ts"
import * as Listening from "../embedded/Listening.ts"
import { pieces, setAll } from "./FakePantheon.ts"
import type { Answer } from "./pantheon/PantheonAnswer.ts"
import * as Api from "./pantheon/PantheonApi.ts"
import { machineToken } from "./pantheon/PantheonSessions.ts"

/** Bodies over this are answered with 413. */
const maxBodyBytes = 10_000_000

/** Serves a world of its own until the scope ends. Fails when a switch is none, or the port cannot be had. */
export const start = Effect.fnUntraced(function*(
  options: PantheonOptions = {}
): Effect.fn.Return<PantheonRunning, FakeServerError, Scope.Scope> {
  const api = Api.make(options)
  const problems = setAll(api, options.switches ?? {})
  if (problems.length > 0) return yield* new FakeServerError({ reason: "Options", message: problems.join("; ") })
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const server = createServer((request, response) => {
    const fiber = run(converse(api, request, response))
    // Who went away is not waited for; what it asked for is done.
    response.once("close", () => fiber.interruptUnsafe())
  })
  const port = yield* Listening.listen(server, options)
  const host = Listening.bracketed(options.host ?? Listening.loopback)
  return { url: `http://${host}:${port}`, host: options.host ?? Listening.loopback, port, token: machineToken }
})

const converse = Effect.fnUntraced(function*(
  api: Api.PantheonApi,
  request: IncomingMessage,
  response: ServerResponse
) {
  const body = yield* read(request)
  const url = URL.parse(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`)
  if (body === undefined || url === null) return void response.writeHead(body === undefined ? 413 : 400).end()
  const received = { method: request.method ?? "GET", url, headers: headersOf(request), body }
  const { answer, left } = api.receive(received, yield* Clock.currentTimeMillis)
  yield* Effect.ensuring(Effect.sleep(answer.delay), Effect.sync(left))
  if (answer.cutAt === 0) return void response.destroy()
  yield* respond(response, answer, request.method === "HEAD")
})

/** The whole body; `undefined` when it is too long. */
const read = (request: IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBodyBytes) chunks.push(chunk)
    })
    request.once("end", () => resume(Effect.succeed(length > maxBodyBytes ? undefined : Bytes.concat(chunks))))
    request.once("error", () => resume(Effect.interrupt))
  })

const respond = (response: ServerResponse, answer: Answer, isHead: boolean): Effect.Effect<void> => {
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  if (!response.hasHeader("content-length")) response.setHeader("content-length", answer.body.length)
  response.writeHead(answer.status)
  if (isHead || answer.cutAt === undefined && answer.rate === undefined) {
    return Effect.sync(() => void response.end(isHead ? undefined : answer.body))
  }
  return pieces(answer).pipe(
    Stream.runForEach((piece) => write(response, piece)),
    Effect.matchEffect({
      onSuccess: () => Effect.sync(() => void response.end()),
      onFailure: () => Effect.sync(() => void response.destroy())
    })
  )
}

/** Waits until the client has taken it, so that what is sent before a break also comes. */
const write = (response: ServerResponse, piece: Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    response.write(piece, () => resume(Effect.void))
  })

const headersOf = (request: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === "string" ? value : value.join(", ")] as const]
    )
  )
