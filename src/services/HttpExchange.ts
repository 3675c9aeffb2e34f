/**
 * One HTTP exchange, as a person means it: a request with its redirects, cookies, caps and time-outs, and the whole answer.
 *
 * It works over any `HttpClient` of Effect. `layers/live/UndiciHttpClient` decompresses and obeys `HttpPolicy`;
 * `layers/fake/FakeHttpClient` answers by script. A client that follows redirects itself (fetch does, unless told not to)
 * takes that out of our hands, and sends secrets where they should not go.
 */
import { Clock, Context, type Duration, Effect, Option, Random, Result, Schema } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import type { HttpClientError, HttpClientResponse, HttpMethod } from "effect/http"
import * as DurationText from "../core/DurationText.ts"
import { Masking } from "../core/Masking.ts"
import * as Preview from "../core/Preview.ts"
import { Answer, type Exchange, type Last, type Redirect, setCookiesOf } from "./http/Answer.ts"
import type * as CookieJar from "./http/CookieJar.ts"
import * as Curl from "./http/Curl.ts"
import * as Failure from "./http/Failure.ts"
import * as Redirects from "./http/Redirects.ts"
import { isRepeatable } from "./http/Repeatable.ts"
import { prepare, type Prepared, type Request } from "./http/Request.ts"
import * as ResponseBody from "./http/ResponseBody.ts"
import * as HttpPolicy from "./HttpPolicy.ts"

export type { Exchange, Redirect } from "./http/Answer.ts"
export type { Part } from "./http/Multipart.ts"
export type { Auth, Body, Prepared, Request } from "./http/Request.ts"

/** Why an exchange did not happen; see `http/Failure.ts` for the reasons. A status of 500 is an answer, not an error. */
export class HttpExchangeError extends Schema.TaggedError<HttpExchangeError>()("HttpExchangeError", {
  method: Schema.String,
  /** The URL that failed: after redirects, not the one that was asked for. */
  url: Schema.String,
  reason: Failure.Reason,
  detail: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.method} ${this.url}: ${this.detail}`
  }
}

/**
 * Sends a request and reads the whole answer.
 *
 * Redirects are followed with the method and body that RFC 9110 asks for; credentials, cookies and secret headers do not
 * cross hosts. Bounded in time and size by the request, else by the policy. Interruption closes the connection.
 */
export const execute = (request: Request): Effect.Effect<Exchange, HttpExchangeError, HttpClient.HttpClient> =>
  Effect.flatMap(prepared(request), (first) => send(request, first))

/**
 * Returns what makes the `curl` command that repeats the request: with the cookies of now, and the request's secrets. It
 * makes `undefined` of a request that is refused. `connection` is that of the context.
 */
export const curl = (
  request: Request,
  policy: HttpPolicy.Settings,
  connection: HttpPolicy.ConnectionOptions
): () => string | undefined => {
  const sent = prepare(request, "boundary")
  if (Result.isFailure(sent)) return () => undefined
  const cookies = request.jar?.header(sent.success.url)
  return () =>
    Curl.line(request, sent.success, {
      maxRedirects: request.maxRedirects ?? policy.maxRedirects,
      connection: HttpPolicy.merge(connection, request.connection),
      cookies
    })
}

const prepared = (request: Request): Effect.Effect<Prepared, HttpExchangeError> =>
  Effect.suspend(() => {
    // Most requests need no boundary, so no randomness is drawn for them.
    if (request.body?._tag !== "Multipart") return prepareWith(request, "")
    const half = Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)
    return Effect.flatMap(
      Effect.zipWith(half, half, (a, b) => `skein-${a.toString(36)}-${b.toString(36)}`),
      (boundary) => prepareWith(request, boundary)
    )
  })

const prepareWith = (request: Request, boundary: string): Effect.Effect<Prepared, HttpExchangeError> => {
  const sent = prepare(request, boundary)
  return Result.isSuccess(sent)
    ? Effect.succeed(sent.success)
    : Effect.fail(failed({ method: request.method ?? "GET", url: request.url }, sent.failure))
}

const failed = (
  on: { readonly method: string; readonly url: string | URL },
  failure: Failure.Failure,
  cause?: unknown
): HttpExchangeError =>
  new HttpExchangeError({
    method: Preview.cut(on.method, 20),
    url: Preview.cut(String(on.url), 2_000),
    reason: failure.reason,
    detail: failure.detail,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(cause === undefined ? {} : { cause })
  })

/** What is known while an exchange is under way; the message of a time-out needs it. */
interface Progress {
  current: Prepared
  answered: boolean
  readonly redirects: Array<Redirect>
}

const send = Effect.fnUntraced(function*(
  request: Request,
  first: Prepared
): Effect.fn.Return<Exchange, HttpExchangeError, HttpClient.HttpClient> {
  const policy = yield* HttpPolicy.HttpPolicy
  const clock = yield* Clock.Clock
  const timeout = request.timeout ?? policy.timeout
  const progress: Progress = { current: first, answered: false, redirects: [] }
  const started = clock.monotonicTimeNanosUnsafe()

  const last: Last = yield* follow(request, policy, progress).pipe(
    Effect.updateContext((context: Context.Context<HttpClient.HttpClient>) => withReferences(context, request, policy)),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(failed(progress.current, timedOut(progress, timeout)))
    })
  )
  return new Answer(
    last,
    progress.current,
    progress.redirects,
    Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6
  )
})

const timedOut = (progress: Progress, timeout: Duration.Duration): Failure.Failure => ({
  reason: "Timeout",
  detail: `${progress.answered ? "the answer was not complete" : "there was no answer"} within ${
    DurationText.format(timeout)
  }`
})

/** What the client finds in the context, set in one go. */
const withReferences = <R>(
  context: Context.Context<R>,
  request: Request,
  policy: HttpPolicy.Settings
): Context.Context<R> => {
  const spans = policy.spans ? context : Context.add(context, HttpClient.TracerDisabledWhen, noSpans)
  if (request.connection === undefined) return spans
  const connection = HttpPolicy.merge(Context.get(context, HttpPolicy.Connection), request.connection)
  return Context.add(spans, HttpPolicy.Connection, connection)
}

const noSpans = (): boolean => true

const follow = Effect.fnUntraced(function*(
  request: Request,
  policy: HttpPolicy.Settings,
  progress: Progress
): Effect.fn.Return<Last, HttpExchangeError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const maxRedirects = request.maxRedirects ?? policy.maxRedirects
  const reconnect = request.reconnect ?? policy.reconnect

  while (true) {
    const { current } = progress
    const response = yield* answerTo(client, current, request.jar, reconnect)
    const { headers } = response
    progress.answered = true
    if (request.jar !== undefined && headers["set-cookie"] !== undefined) {
      yield* request.jar.store(setCookiesOf(response, headers), current.url)
    }
    const { location } = headers
    const next = maxRedirects === 0 || location === undefined
      ? undefined
      : yield* redirectOf(current, response.status, location)
    if (next === undefined) {
      const maxBytes = request.maxBodyBytes ?? policy.maxBodyBytes
      const bytes = yield* reading(ResponseBody.read(response, current.method, maxBytes), current)
      return { response, headers, bytes }
    }

    yield* ResponseBody.discard(response, current.method)
    if (progress.redirects.length >= maxRedirects) return yield* failed(current, tooMany(maxRedirects, next))
    progress.redirects.push({ status: response.status, url: current.url.href, location: next.url.href })
    progress.current = next
    progress.answered = false
  }
})

const tooMany = (maxRedirects: number, next: Prepared): Failure.Failure => ({
  reason: "TooManyRedirects",
  detail: `it redirects for more than ${maxRedirects} times, now to ${next.url.href}`,
  hint: "Is it a loop? Follow none with `redirects: false` to see the first"
})

/** Sends one request and waits for the head of its answer. */
const answerTo = (
  client: HttpClient.HttpClient,
  sent: Prepared,
  jar: CookieJar.CookieJar | undefined,
  reconnect: boolean
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpExchangeError> => {
  const request = toClientRequest(sent, jar?.header(sent.url))
  const once = Effect.mapError(client.execute(request), (error) => fromClient(error, sent))
  // A server may close a kept connection at the moment a request is written to it.
  return reconnect && isRepeatable(sent)
    ? Effect.catchIf(once, (error) => error.reason === "Reset", () => once)
    : once
}

const toClientRequest = (sent: Prepared, jarCookies: string | undefined): HttpClientRequest.HttpClientRequest => {
  const cookie = [sent.headers["cookie"], jarCookies].filter((part) => part !== undefined).join("; ")
  const headers = cookie === "" ? sent.headers : { ...sent.headers, cookie }
  // The type lists the usual methods; the name has been checked to be a token.
  const request = HttpClientRequest.make(sent.method as HttpMethod.HttpMethod)(sent.url.href, { headers })
  return sent.body === undefined
    ? request
    : HttpClientRequest.setBody(request, HttpBody.uint8Array(sent.body, headers["content-type"]))
}

const fromClient = (error: HttpClientError.HttpClientError, sent: Prepared): HttpExchangeError => {
  const cause = error.reason.cause ?? error.reason
  const failure = Failure.fromCause(cause, sent.url.host)
  const mute = failure.reason === "Reset" && error.reason._tag === "TransportError" && sent.url.protocol === "https:"
  const hint = mute ? "Does the server want a client certificate? Give it with `cert` and `key`" : failure.hint
  return failed(sent, { ...failure, hint }, cause)
}

const reading = <A>(
  effect: Effect.Effect<A, HttpClientError.HttpClientError | Failure.Failure>,
  sent: Prepared
): Effect.Effect<A, HttpExchangeError> =>
  Effect.mapError(effect, (error) => "_tag" in error ? fromClient(error, sent) : failed(sent, error))

const redirectOf = (
  sent: Prepared,
  status: number,
  location: string
): Effect.Effect<Prepared | undefined, HttpExchangeError> => {
  return Effect.flatMap(Effect.serviceOption(Masking), (masking) => {
    const isSecret = (value: string) => Option.isSome(masking) && masking.value.find(value).length > 0
    const next = Redirects.next(sent, status, location, isSecret)
    return Result.isSuccess(next) ? Effect.succeed(next.success) : Effect.fail(failed(sent, next.failure))
  })
}
