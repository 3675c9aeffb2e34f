/**
 * Pantheon's API in memory, for tests of whatever speaks to it: accounts, sites, workflows that take their time, backups, and
 * every way in which the real one is difficult, on demand. Time is that of `Clock`, so `TestClock` moves its workflows.
 *
 * As an `HttpClient` it needs no socket; `embedded/PantheonServer` is the same on a port, for `skein fake pantheon`.
 */
import { Clock, Context, Data, Duration, Effect, Layer, Stream } from "effect"
import { HttpClient, type HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { broken, bytesOf } from "./FakeHttpClient.ts"
import type { Answer } from "./pantheon/PantheonAnswer.ts"
import * as Api from "./pantheon/PantheonApi.ts"
import type { Counts, Start } from "./pantheon/PantheonCounters.ts"
import { machineToken } from "./pantheon/PantheonSessions.ts"
import type { Values } from "./pantheon/PantheonSwitches.ts"
import type { Sizes, World } from "./pantheon/PantheonWorld.ts"

export type { Counts, Start } from "./pantheon/PantheonCounters.ts"
export type { Values as Switches } from "./pantheon/PantheonSwitches.ts"

export interface Options extends Sizes {
  /** How it behaves from the beginning. */
  readonly switches?: Values | undefined
}

export class FakePantheon extends Context.Service<FakePantheon, {
  /** Answers requests to `http://any.host/api/...` and `/v0/...`. `FakeHttpClient.serve` lets it answer for one origin only. */
  readonly client: HttpClient.HttpClient
  /** The machine token that it knows. */
  readonly token: string
  /** Its accounts, organisations and sites, to be looked at, and changed behind the API's back. */
  readonly world: World
  /** Changes switches; docs/testing.md lists them. Dies of one that is none: a test wrote it. */
  readonly set: (switches: Values) => Effect.Effect<void>
  /** What came since the beginning, or since `resetCounters`. */
  readonly counts: Effect.Effect<Counts>
  /** The workflows that were started, oldest first. */
  readonly starts: Effect.Effect<ReadonlyArray<Start>>
  readonly resetCounters: Effect.Effect<void>
  /** Every session is over at once. */
  readonly endSessions: Effect.Effect<void>
}>()("skein/layers/FakePantheon") {
  /** The fake, and an `HttpClient` that leads every request to it. */
  static readonly layer = (options: Options = {}): Layer.Layer<HttpClient.HttpClient | FakePantheon> =>
    Layer.effectContext(Effect.map(
      FakePantheon.make(options),
      (fake) => Context.make(HttpClient.HttpClient, fake.client).pipe(Context.add(FakePantheon, fake))
    ))

  /** The fake alone. */
  static readonly make = (options: Options = {}): Effect.Effect<FakePantheon["Service"]> => make(options)
}

const make = Effect.fnUntraced(function*(options: Options) {
  const api = Api.make(options)
  const set = (switches: Values): Effect.Effect<void> =>
    Effect.suspend(() => {
      const problems = setAll(api, switches)
      return problems.length === 0 ? Effect.void : Effect.die(new Error(problems.join("; ")))
    })
  yield* set(options.switches ?? {})
  return FakePantheon.of({
    client: clientOf(api),
    token: machineToken,
    world: api.world,
    set,
    counts: Effect.sync(() => api.counters.read()),
    starts: Effect.sync(() => api.counters.starts()),
    resetCounters: Effect.sync(() => api.counters.reset()),
    endSessions: Effect.sync(() => api.sessions.end())
  })
})

/** Sets switches; answers with a sentence for each that cannot be. */
export const setAll = (api: Api.PantheonApi, switches: Values): ReadonlyArray<string> =>
  Object.entries(switches).flatMap(([key, value]) => value === undefined ? [] : api.switches.set(key, value) ?? [])

const clientOf = (api: Api.PantheonApi): HttpClient.HttpClient =>
  HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const body = yield* bytesOf(request)
    const { answer, left } = api.receive(
      { method: request.method, url, headers: request.headers, body },
      yield* Clock.currentTimeMillis
    )
    yield* Effect.ensuring(Effect.sleep(answer.delay), Effect.sync(left))
    return answer.cutAt === 0 ? yield* broken(request, "Reset") : yield* respond(request, answer)
  }))

const respond = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  const init = { status: answer.status, headers: answer.headers }
  const made = (body: Uint8Array<ArrayBuffer> | ReadableStream | null) =>
    HttpClientResponse.fromWeb(request, new Response(body, init))
  if (request.method === "HEAD" || answer.body.length === 0) return Effect.succeed(made(null))
  if (answer.cutAt === undefined && answer.rate === undefined) return Effect.succeed(made(answer.body))
  return Effect.map(Stream.toReadableStreamEffect(pieces(answer)), made)
}

/** The connection broke before the body's end. */
export class CutOff extends Data.TaggedError("CutOff")<{}> {
  readonly code = "ECONNRESET"
}

const pieceBytes = 16_384

/** The body as it comes: in pieces, at its rate, and up to where the connection breaks. */
export const pieces = ({ body, cutAt, rate }: Answer): Stream.Stream<Uint8Array, CutOff> => {
  const end = Math.min(cutAt ?? body.length, body.length)
  const size = rate === undefined ? pieceBytes : Math.min(pieceBytes, Math.max(1, Math.ceil(rate / 10)))
  const starts = Array.from({ length: Math.ceil(end / size) }, (_, at) => at * size)
  const sent = Stream.fromIterable(starts).pipe(
    Stream.mapEffect((from) => {
      const piece = body.subarray(from, Math.min(end, from + size))
      return rate === undefined
        ? Effect.succeed(piece)
        : Effect.as(Effect.sleep(Duration.millis(1_000 * piece.length / rate)), piece)
    })
  )
  return end < body.length ? Stream.concat(sent, Stream.fail(new CutOff())) : sent
}
