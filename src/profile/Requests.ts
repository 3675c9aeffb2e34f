/** Requests of a profile, filled in, and what their answers say. */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as Preview from "../core/Preview.ts"
import { isArray, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Text from "../scenario/expression/Text.ts"
import * as HttpOutput from "../scenario/steps/HttpOutput.ts"
import type { Exchange, HttpExchangeError, Request } from "../services/HttpExchange.ts"
import type { PoliteHttp, RequestOptions } from "../services/PoliteHttp.ts"
import type { Run } from "./Evaluator.ts"
import type { RequestForm } from "./Format.ts"
import { RemoteApiError } from "./RemoteApi.ts"

/** Fills in a request. Throws what {@link Run} throws. */
export const fill = (form: RequestForm, run: Run, names: ValueRecord, base: string): Request => {
  const texts = (entries: RequestForm["query"]): ReadonlyArray<readonly [string, Value]> =>
    (entries ?? []).map(({ name, value }) => [name, run(value, names)] as const).filter(([, value]) => value !== null)
  const query = texts(form.query)
  const headers = texts(form.headers)
  return {
    method: form.method ?? (form.json !== undefined || form.form !== undefined ? "POST" : "GET"),
    ...(form.path === undefined
      ? { url: form.url === undefined ? "" : Text.write(run(form.url, names)) }
      : { base, url: Text.write(run(form.path, names)) }),
    ...(query.length === 0 ? {} : {
      query: Object.fromEntries(
        query.map(([name, value]) => [name, isArray(value) ? value.map(Text.write) : Text.write(value)])
      )
    }),
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map(([name, value]) => [name, Text.write(value)])) }),
    ...(form.json !== undefined
      ? { body: { _tag: "Json", value: run(form.json, names) } }
      : form.form !== undefined
      ? { body: { _tag: "Form", fields: texts(form.form).map(([name, value]) => [name, Text.write(value)] as const) } }
      : {})
  }
}

/** Whether a request of several is meant to be sent. Throws what {@link Run} throws. */
export const isWanted = (form: RequestForm, run: Run, names: ValueRecord): boolean =>
  form.if === undefined || run(form.if, names) === true

/** The names of an answer in expressions: `status`, `headers`, `body`, `text`. */
export const answerOf = (exchange: Exchange): ValueRecord => HttpOutput.output(exchange)

/** Sends a request; a status of 400 and more is the error `Refused`. */
export const send = (
  http: PoliteHttp["Service"],
  request: Request,
  options?: RequestOptions
): Effect.Effect<ValueRecord, RemoteApiError, HttpClient.HttpClient> =>
  http.execute(request, options).pipe(
    Effect.mapError(asApiError),
    Effect.flatMap((exchange) =>
      exchange.status < 400 ? Effect.succeed(answerOf(exchange)) : Effect.fail(refused(exchange))
    )
  )

/** An answer of 400 or more. */
export const refused = (exchange: Exchange): RemoteApiError =>
  new RemoteApiError({
    reason: exchange.status === 404 ? "NotFound" : "Refused",
    status: exchange.status,
    message: `${exchange.sent.method} ${exchange.url} was answered with status ${exchange.status}${said(exchange)}`
  })

/** What an API says about an error, in short: a text, or the message in an object. */
const said = (exchange: Exchange): string => {
  const body = HttpOutput.bodyOf(exchange)
  if (body === null || body instanceof Uint8Array) return ""
  const inner = isRecord(body) ? body["message"] ?? body["error"] ?? body : body
  const text = typeof inner === "string" ? inner.trim() : Preview.json(inner, 200)
  return text === "" ? "" : `: ${Preview.cut(text.split("\n")[0]!, 200)}`
}

/** A request that had no answer; a session that could not be had comes back as what it was. */
export const asApiError = (error: HttpExchangeError): RemoteApiError =>
  error.cause instanceof RemoteApiError ? error.cause : new RemoteApiError({
    reason: "Request",
    message: error.message,
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint })
  })
