/**
 * Effect's `HttpClient` by script, for tests: no socket, virtual time, failures on demand, every call recorded.
 *
 * Routes are written like those of `mocks:` in a scenario; a `delay` passes by `Clock`, so `TestClock` moves it. What no
 * route is for is answered with 404.
 */
import { Context, Effect, Layer, Result, type Scope } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import type { ValueRecord } from "../../core/Value.ts"
import * as MockRoutes from "../../services/http/MockRoutes.ts"
import type { Definition } from "../../services/MockServer.ts"

/** Ways for a connection to fail; `services/http/Failure` reads the same names out of them as from a real one. */
export type Failure = keyof typeof codes

export class FakeHttpClient extends Context.Service<FakeHttpClient, {
  /** Replaces the routes, and with them the record of calls. Dies when a key is no route: a test wrote it. */
  readonly setRoutes: (routes: NonNullable<Definition["routes"]>) => Effect.Effect<void>
  /** The requests so far, oldest first, as `mocks.<name>.calls` shows them. Those that failed on demand are not among them. */
  readonly calls: Effect.Effect<ReadonlyArray<ValueRecord>>
  /** Lets other routes answer for `origin` (`http://host:port`) until the scope ends; `calls` does not have their requests. */
  readonly mount: (origin: string, routes: MockRoutes.MockRoutes) => Effect.Effect<void, never, Scope.Scope>
  /** Lets another client answer for `origin` until the scope ends, such as that of a `FakePantheon`; `calls` does not have its requests. */
  readonly serve: (origin: string, client: HttpClient.HttpClient) => Effect.Effect<void, never, Scope.Scope>
  /** Lets the next requests fail before they reach a route. Calling it again replaces the count. */
  readonly failNext: (times: number, reason: Failure) => Effect.Effect<void>
}>()("skein/layers/FakeHttpClient") {}

export const layer = (
  routes: NonNullable<Definition["routes"]> = {}
): Layer.Layer<HttpClient.HttpClient | FakeHttpClient> => Layer.effectContext(make(routes))

const make = Effect.fnUntraced(function*(initial: NonNullable<Definition["routes"]>) {
  let routes = yield* compile(initial)
  const mounted = new Map<string, MockRoutes.MockRoutes>()
  const served = new Map<string, HttpClient.HttpClient>()
  let failing: { times: number; readonly reason: Failure } = { times: 0, reason: "Reset" }

  const client = HttpClient.make(Effect.fnUntraced(function*(request, url) {
    if (failing.times > 0) {
      failing.times--
      return yield* broken(request, failing.reason)
    }
    const other = served.get(url.origin)
    if (other !== undefined) return yield* other.execute(request)
    const body = yield* bytesOf(request)
    const sent = (mounted.get(url.origin) ?? routes).answer({
      method: request.method,
      url,
      headers: { ...request.headers },
      body
    })
    yield* Effect.sleep(sent.delay)
    return sent.drop ? yield* broken(request, "Reset") : respond(request, sent)
  }))
  const fake = FakeHttpClient.of({
    setRoutes: (changed) => Effect.map(compile(changed), (compiled) => void (routes = compiled)),
    calls: Effect.sync(() => routes.calls()),
    mount: (origin, own) => keep(mounted, origin, own),
    serve: (origin, own) => keep(served, origin, own),
    failNext: (times, reason) => Effect.sync(() => void (failing = { times, reason }))
  })
  return Context.make(HttpClient.HttpClient, client).pipe(Context.add(FakeHttpClient, fake))
})

const keep = <A>(map: Map<string, A>, given: string, one: A): Effect.Effect<void, never, Scope.Scope> => {
  // The usual port need not be said, and is not in a URL's own origin.
  const origin = URL.parse(given)?.origin ?? given
  return Effect.acquireRelease(
    Effect.sync(() => void map.set(origin, one)),
    () => Effect.sync(() => void map.delete(origin))
  )
}

const compile = (routes: NonNullable<Definition["routes"]>): Effect.Effect<MockRoutes.MockRoutes> => {
  const made = MockRoutes.make({ routes })
  return Result.isSuccess(made) ? Effect.succeed(made.success) : Effect.die(new Error(made.failure.join("; ")))
}

const codes = {
  Dns: "ENOTFOUND",
  Refused: "ECONNREFUSED",
  Unreachable: "EHOSTUNREACH",
  ConnectTimeout: "UND_ERR_CONNECT_TIMEOUT",
  Tls: "CERT_HAS_EXPIRED",
  Reset: "ECONNRESET"
} as const

/** A connection that fails as told. */
export const broken = (request: HttpClientRequest.HttpClientRequest, reason: Failure) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({
      request,
      cause: Object.assign(new Error(`on demand: ${reason}`), { code: codes[reason] })
    })
  })

/** The body of a request as it would be sent. */
export const bytesOf = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Uint8Array> => {
  const { body } = request
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed(body.body)
    case "Empty":
      return Effect.succeed(new Uint8Array(0))
    case "FormData":
      return Effect.promise(() => new Response(body.formData).bytes())
    case "Raw":
    case "Stream":
      return Effect.die(new Error(`FakeHttpClient does not read bodies of the kind ${body._tag}`))
  }
}

const respond = (request: HttpClientRequest.HttpClientRequest, sent: MockRoutes.Sent) => {
  const headers = new Headers(sent.headers.map(([name, value]) => [name, value]))
  const bodiless = request.method === "HEAD" || sent.status === 204 || sent.status === 304
  return HttpClientResponse.fromWeb(
    request,
    new Response(bodiless ? null : sent.body, { status: sent.status, headers })
  )
}
