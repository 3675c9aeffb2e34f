/**
 * The client of one API: adds its headers and session to requests for it, and sends a request again with a new session when the
 * answer says so. Other hosts get nothing of that.
 */
import { Effect, Redacted } from "effect"
import type { HttpClient } from "effect/http"
import * as Text from "../scenario/expression/Text.ts"
import { type Exchange, HttpExchangeError, type Request } from "../services/HttpExchange.ts"
import type { PoliteHttp, RequestOptions } from "../services/PoliteHttp.ts"
import { attempt, type Ready, type Run } from "./Evaluator.ts"
import type { ProfileForm } from "./Format.ts"
import type { RemoteApiError } from "./RemoteApi.ts"
import * as Requests from "./Requests.ts"
import type { Session, Sessions } from "./Session.ts"

export interface Options {
  readonly form: ProfileForm
  readonly base: string
  /** Sends as it comes. */
  readonly http: PoliteHttp["Service"]
  /** Absent for an API without login. */
  readonly sessions: Sessions | undefined
  /** Over settings alone. */
  readonly settings: Run
  /** For headers, which may read secrets and the session. */
  readonly ready: Ready
}

/** Makes the client. Its failures to log in are `HttpExchangeError`s of the reason `Login`, with the `RemoteApiError` as cause. */
export const make = ({ base, form, http, ready, sessions, settings }: Options): PoliteHttp["Service"] => {
  const origin = URL.parse(base)?.origin
  const { login } = form

  const isOwn = ({ base, url }: Request): boolean => (URL.parse(url) ?? URL.parse(url, base))?.origin === origin

  /** The request as the API wants it. Headers of the request itself come first. */
  const authorized = Effect.fnUntraced(function*(
    request: Request,
    session: Session | undefined
  ): Effect.fn.Return<Request, RemoteApiError, HttpClient.HttpClient> {
    if (form.headers === undefined && session === undefined) return request
    const run = form.headers === undefined ? settings : yield* ready(form.headers)
    return yield* attempt(() => {
      const names = session === undefined ? {} : { session: session.values }
      const headers = [...form.headers ?? [], ...login?.headers ?? []].map(({ name, value }) =>
        [name, Text.write(run(value, names))] as const
      )
      const token = login?.bearer === undefined || session === undefined ? undefined : run(login.bearer, names)
      return {
        ...request,
        headers: { ...Object.fromEntries(headers), ...request.headers },
        ...(token === undefined ? {} : { auth: { _tag: "Bearer", token: Redacted.make(Text.write(token)) } as const })
      }
    })
  })

  const isStale = (exchange: Exchange): boolean => {
    if (login?.again_on === undefined) return exchange.status === 401
    try {
      return settings(login.again_on, Requests.answerOf(exchange)) === true
    } catch {
      return false
    }
  }

  const execute = Effect.fnUntraced(function*(
    request: Request,
    options?: RequestOptions
  ): Effect.fn.Return<Exchange, HttpExchangeError, HttpClient.HttpClient> {
    if (!isOwn(request)) return yield* http.execute(request, options)
    const wanted = <A, R>(effect: Effect.Effect<A, RemoteApiError, R>) =>
      Effect.mapError(effect, (error) => notAllowed(request, error))
    const session = sessions === undefined ? undefined : yield* wanted(sessions.current)
    const answer = yield* http.execute(yield* wanted(authorized(request, session)), options)
    if (sessions === undefined || session === undefined || !isStale(answer)) return answer
    // What was refused for its session was not done, so it may be sent again, once.
    const renewed = yield* wanted(sessions.renew(session))
    return yield* http.execute(yield* wanted(authorized(request, renewed)), options)
  })

  return { ...http, execute }
}

const notAllowed = (request: Request, error: RemoteApiError): HttpExchangeError =>
  new HttpExchangeError({
    method: request.method ?? "GET",
    url: request.url,
    reason: "Login",
    detail: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })
