/** One HTTP exchange of a step: sent, told to the report, warned about when insecure. */
import { Effect, type FileSystem, type Path } from "effect"
import type { HttpClient } from "effect/http"
import * as HttpExchange from "../../services/HttpExchange.ts"
import * as HttpPolicy from "../../services/HttpPolicy.ts"
import * as PoliteHttp from "../../services/PoliteHttp.ts"
import * as Action from "../Action.ts"
import * as HttpInput from "./HttpInput.ts"
import * as HttpOutput from "./HttpOutput.ts"

/** What exchanges of steps need. */
export type Services = HttpClient.HttpClient | FileSystem.FileSystem | Path.Path

/** Sends the request that `input` means. Its record is kept whether or not there is an answer. Any status is an answer. */
export const exchange = Effect.fnUntraced(function*(
  input: HttpInput.Input,
  context: Action.ActionContext
): Effect.fn.Return<HttpExchange.Exchange, Action.ActionError, Services> {
  const request = yield* HttpInput.toRequest(input, context)
  const policy = yield* HttpPolicy.HttpPolicy
  const ambient = yield* HttpPolicy.Connection
  const insecure = HttpPolicy.merge(ambient, request.connection).insecure === true
  const told = { request, insecure, curl: HttpExchange.curl(request, policy, ambient) }

  return yield* PoliteHttp.executeIn(request, context.retries ? { retries: 0 } : {}).pipe(
    Effect.tap((exchange) =>
      insecure && exchange.sent.url.protocol === "https:"
        ? context.log(`the certificate of ${exchange.sent.url.host} was not checked (insecure)`, "warning")
        : Effect.void
    ),
    Effect.tap((exchange) => context.attach(HttpOutput.attachment(told, exchange))),
    Effect.tapError(() => context.attach(HttpOutput.attachment(told))),
    Effect.mapError(HttpOutput.toActionError)
  )
})
