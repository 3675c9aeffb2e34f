import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Fiber, Layer, Result, Scope } from "effect"
import { LoadClock } from "../../src/services/LoadClock.ts"
import * as LoadTransport from "../../src/services/LoadTransport.ts"

/** The targets that the suite asks, made by each layer's test file. */
export class World extends Context.Service<World, {
  /**
   * Answers `/ok` with 200, `x-answer: yes` and the body `hello`; `/missing` with 404; `/echo` with the body of the request; `/never`
   * not at all; `/reset` by closing the connection.
   */
  readonly url: string
  /** Nobody listens there. */
  readonly closedUrl: string
  /** Whether the socket that `connect` makes is kept. @default true */
  readonly connects?: boolean | undefined
  /** What connections want beside what a test says. */
  readonly options: LoadTransport.OpenOptions
  /** Lets time pass where it is virtual. */
  readonly elapse: (duration: Duration.Input) => Effect.Effect<void>
  /** Requests that arrived so far, and sockets that are open as the target sees it; those just closed by the client are waited for. */
  readonly requests: Effect.Effect<number>
  readonly sockets: Effect.Effect<number>
}>()("test/LoadTransportWorld") {}

/** A clock without alarm. */
export const clock = (now: () => number): Layer.Layer<LoadClock> =>
  Layer.succeed(LoadClock, { now, originMillis: 0, alarm: () => Effect.die("no alarm in this test") })

export const request = (
  url: string,
  options: Partial<LoadTransport.RequestOptions> = {}
): LoadTransport.LoadRequest =>
  Result.getOrThrow(LoadTransport.request({ method: "GET", ...options, url: new URL(url) }))

const text = ({ body }: LoadTransport.LoadResponse) => new TextDecoder().decode(body)

/** Sockets that the target still has once all are gone, or ten seconds later: those of earlier tests may take their time to close. */
const socketsLeft = Effect.flatMap(
  World,
  ({ sockets }) => Effect.repeat(sockets, { until: (open) => open === 0, times: 500 })
)

/** What every `LoadTransport` must do. Each layer's test file calls it once. */
export const suite = <E>(name: string, layer: Layer.Layer<LoadTransport.LoadTransport | LoadClock | World, E>) =>
  it.layer(layer)(`LoadTransport (${name})`, (it) => {
    const keep = { headers: "all" as const, maxBodyBytes: 1_000 }
    const connect = Effect.fnUntraced(function*(options: LoadTransport.OpenOptions = {}, base?: string) {
      const { options: own, url } = yield* World
      return yield* (yield* LoadTransport.LoadTransport).open(new URL(base ?? url), { ...own, ...options })
    })
    const ask = Effect.fnUntraced(function*(
      connection: LoadTransport.LoadConnection,
      path: string,
      options: Partial<LoadTransport.RequestOptions> = {}
    ) {
      const { url } = yield* World
      return yield* LoadTransport.exchange(connection, request(`${url}${path}`, options))
    })

    it.effect("answers with status, headers and body, as far as they are kept", () =>
      Effect.gen(function*() {
        const connection = yield* connect()

        const kept = yield* ask(connection, "/ok", { keep })
        assert.strictEqual(kept.status, 200)
        assert.strictEqual(text(kept), "hello")
        assert.deepStrictEqual(kept.headers.find(([name]) => name === "x-answer"), ["x-answer", "yes"])
        assert.isAbove(kept.bytesIn, 5)
        assert.isUndefined(kept.phases)

        const forgotten = yield* ask(connection, "/ok")
        assert.deepInclude(forgotten, { status: 200, headers: [] })
        assert.strictEqual(forgotten.body.length, 0)
      }))

    it.effect("a status that is a failure for others is an answer here", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask(yield* connect(), "/missing")).status, 404)
      }))

    it.effect("sends methods and bodies; HEAD has no body", () =>
      Effect.gen(function*() {
        const connection = yield* connect()
        assert.strictEqual(text(yield* ask(connection, "/echo", { method: "POST", body: "größe", keep })), "größe")
        assert.strictEqual(text(yield* ask(connection, "/ok", { method: "HEAD", keep })), "")
        assert.strictEqual(text(yield* ask(connection, "/ok", { keep })), "hello")
      }))

    it.effect("opens one socket for many requests, one for each without keep-alive, and counts them", () =>
      Effect.gen(function*() {
        const { requests } = yield* World
        const { counters } = yield* LoadTransport.LoadTransport
        const before = { ...counters, requests: yield* requests }

        const connection = yield* connect()
        for (let n = 0; n < 5; n++) yield* ask(connection, "/ok")
        assert.strictEqual(counters.socketsOpened - before.socketsOpened, 1)
        const single = yield* connect({ keepAlive: false })
        for (let n = 0; n < 3; n++) yield* ask(single, "/ok", { close: true })

        assert.strictEqual(counters.socketsOpened - before.socketsOpened, 4)
        assert.strictEqual(yield* requests, before.requests + 8)
        assert.isAtLeast(counters.bytesOut - before.bytesOut, 8 * "GET /ok".length)
        assert.isAtLeast(counters.bytesIn - before.bytesIn, 8 * 5)
      }))

    it.effect("a sink that sends the next request at once goes on for ever", () =>
      Effect.gen(function*() {
        const { url } = yield* World
        const connection = yield* connect()
        const get = request(`${url}/ok`)
        const ended: Array<number> = []

        const running = yield* Effect.forkChild(Effect.callback<void, LoadTransport.LoadFailure>((resume) => {
          const sink: LoadTransport.Sink = {
            onResponse: (response) => {
              ended.push(response.ended)
              if (ended.length === 200) resume(Effect.void)
              else connection.send(get, sink)
            },
            onError: (failure) => resume(Effect.fail(failure))
          }
          connection.send(get, sink)
        }))
        yield* Fiber.join(running)

        assert.strictEqual(ended.length, 200)
        assert.isTrue(ended.every((tick, n) => n === 0 || tick >= ended[n - 1]!))
      }))

    it.effect("connect makes the socket before the first request", () =>
      Effect.gen(function*() {
        const { connects = true } = yield* World
        const { counters } = yield* LoadTransport.LoadTransport
        const connection = yield* connect()
        yield* connection.connect
        const { socketsOpened } = counters
        yield* connection.connect
        yield* ask(connection, "/ok")
        assert.strictEqual(counters.socketsOpened, connects ? socketsOpened : socketsOpened + 1)
      }))

    it.effect("R40 a target that is not there is connect-refused, for connect and for each request", () =>
      Effect.gen(function*() {
        const { closedUrl } = yield* World
        const connection = yield* connect({}, closedUrl)
        const host = new URL(closedUrl).host

        assert.strictEqual((yield* Effect.flip(connection.connect)).kind, "connect-refused")
        for (let n = 0; n < 2; n++) {
          const failure = yield* Effect.flip(LoadTransport.exchange(connection, request(`${closedUrl}/ok`)))
          assert.deepInclude(failure, { kind: "connect-refused" })
          assert.include(failure.message, host)
        }
      }))

    it.effect("R40 a target that stalls is a timeout, and the connection goes on with a new socket", () =>
      Effect.gen(function*() {
        const { elapse } = yield* World
        const connection = yield* connect({ timeout: "300 millis" })
        const asked = yield* Effect.forkChild(Effect.flip(ask(connection, "/never")))
        yield* elapse("299 millis")
        yield* elapse("1 millis")

        assert.strictEqual((yield* Fiber.join(asked)).kind, "timeout")
        assert.strictEqual((yield* ask(connection, "/ok")).status, 200)
      }))

    it.effect("a target that closes is a reset, and the connection goes on with a new socket", () =>
      Effect.gen(function*() {
        const connection = yield* connect()
        assert.strictEqual((yield* Effect.flip(ask(connection, "/reset", { method: "POST" }))).kind, "reset")
        assert.strictEqual((yield* ask(connection, "/ok")).status, 200)
      }))

    it.effect("a body above what is kept is too-large; at the bound it is not", () =>
      Effect.gen(function*() {
        const connection = yield* connect()
        assert.strictEqual(text(yield* ask(connection, "/ok", { keep: { maxBodyBytes: 5 } })), "hello")
        const failure = yield* Effect.flip(ask(connection, "/ok", { keep: { maxBodyBytes: 4 } }))
        assert.strictEqual(failure.kind, "too-large")
      }))

    it.effect("phases are told when they are asked for", () =>
      Effect.gen(function*() {
        const connection = yield* connect({ phases: true })
        yield* ask(connection, "/ok")
        const { phases } = yield* ask(connection, "/ok")

        assert.deepInclude(phases, { dns: 0, connect: 0, tls: 0 })
        assert.isAtLeast(phases!.wait, 0)
        assert.isAtLeast(phases!.transfer, 0)
      }))

    it.effect("R27 interruption ends the exchange and its socket, and nothing is heard of it", () =>
      Effect.gen(function*() {
        const { counters } = yield* LoadTransport.LoadTransport
        assert.strictEqual(yield* socketsLeft, 0)
        const connection = yield* connect()
        yield* ask(connection, "/ok")
        const asked = yield* Effect.forkChild(ask(connection, "/never"), { startImmediately: true })
        yield* Effect.yieldNow
        const { socketsOpen } = counters

        yield* Fiber.interrupt(asked)

        assert.strictEqual(yield* socketsLeft, 0)
        assert.strictEqual(counters.socketsOpen, socketsOpen - 1)
        assert.strictEqual((yield* ask(connection, "/ok")).status, 200)
      }))

    it.effect("the end of its scope ends a connection in the middle of an exchange; its sink hears nothing", () =>
      Effect.gen(function*() {
        const { url } = yield* World
        assert.strictEqual(yield* socketsLeft, 0)
        const scope = yield* Scope.make()
        const connection = yield* Scope.provide(connect(), scope)
        let heard = 0
        const sink = { onResponse: () => void heard++, onError: () => void heard++ }
        connection.send(request(`${url}/never`), sink)

        yield* Scope.close(scope, Exit.void)
        connection.send(request(`${url}/ok`), sink)

        assert.strictEqual(yield* socketsLeft, 0)
        assert.strictEqual(heard, 0)
      }))

    it.effect("two requests at a time on one connection are a mistake of the caller", () =>
      Effect.gen(function*() {
        const { url } = yield* World
        const connection = yield* connect()
        const sink = { onResponse: () => {}, onError: () => {} }
        connection.send(request(`${url}/never`), sink)
        assert.throws(() => connection.send(request(`${url}/never`), sink), /under way/)
      }))
  })
