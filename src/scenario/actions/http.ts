/** `http` and `http_batch`: one request, and many at a bound. */
import { Clock, Effect, Schema } from "effect"
import * as Preview from "../../core/Preview.ts"
import { isArray, isRecord, type ValueRecord } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as RobogoHttp from "../robogo/RobogoHttp.ts"
import * as Bounds from "../run/Bounds.ts"
import * as HttpInput from "../steps/HttpInput.ts"
import * as HttpOutput from "../steps/HttpOutput.ts"
import * as HttpStep from "../steps/HttpStep.ts"

const Redirects = Schema.Array(Schema.Struct({ status: Schema.Int, url: Schema.String, location: Schema.String }))

export const http = Action.make({
  name: "http",
  family: "http",
  summary: "Sends one HTTP request; a status of 400 or more fails the step unless its expect speaks of status",
  input: Schema.Struct({
    url: Fields.describe(Fields.Text, "Where to: an http: or https: URL, or a path when there is a base"),
    ...HttpInput.what,
    ...HttpInput.how,
    any_status: Fields.optional(
      Fields.Flag,
      "Pass with any status [default: true when expect speaks of status, else false]"
    )
  }),
  positional: ["url"],
  output: Schema.Struct({
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.String),
    body: Schema.Unknown,
    text: Schema.NullOr(Schema.String),
    duration_ms: Schema.Finite,
    url: Schema.String,
    redirects: Redirects,
    http_version: Schema.NullOr(Schema.String)
  }),
  effect: (constants, present) =>
    HttpInput.effectOf(constants["method"] ?? (present?.has("method") === false ? "GET" : undefined)),
  validate: HttpInput.validate,
  robogo: { names: ["http_get", "http_post"], input: RobogoHttp.input, result: RobogoHttp.result },
  examples: [
    {
      title: "A look at a resource",
      yaml: `mocks:
  shop: { routes: { "GET /orders/:id": { json: { id: 7, items: [{ sku: A1 }] } } } }
steps:
  - http: "\${mocks.shop.url}/orders/7"
    expect: [status == 200, "body.items[0].sku == 'A1'", "headers['content-type'] == 'application/json'"]
    save: { order: body.id }
`
    },
    {
      title: "JSON sent with a token",
      yaml: `mocks:
  shop: { routes: { "POST /orders": { status: 201, echo: true } } }
steps:
  - http: { method: POST, url: "\${mocks.shop.url}/orders", bearer: t0ken-1234, json: { sku: A1, amount: 2 } }
    expect: [status == 201, body.body.sku == 'A1', "body.headers.authorization == 'Bearer t0ken-1234'"]
`
    },
    {
      title: "A form with a file, no redirects followed, any status",
      yaml: `mocks:
  files: { routes: { "POST /upload": { status: 303, headers: { location: /done } } } }
steps:
  - http:
      method: POST
      url: /upload
      base: "\${mocks.files.url}"
      multipart: { title: Receipt, scan: { content: "%PDF-", filename: scan.pdf, type: application/pdf } }
      redirects: false
    expect: [status == 303, headers.location == '/done']
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const exchange = yield* HttpStep.exchange(input, context).pipe(
      Effect.mapError((error) => context.robogo ? RobogoHttp.withoutAnswer(error) : error)
    )
    if (exchange.status >= 400 && input.any_status !== true && !context.robogo) {
      return yield* HttpOutput.statusError(exchange)
    }
    return HttpOutput.output(exchange)
  })
})

/** Failed requests that the message of a failed batch names. */
const namedFailures = 3

/** Exchanges of a batch that reports keep. */
const keptExchanges = 20

const Result = Schema.Struct({
  url: Schema.String,
  status: Schema.NullOr(Schema.Int),
  headers: Schema.Record(Schema.String, Schema.String),
  body: Schema.Unknown,
  text: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String),
  duration_ms: Schema.Finite
})

export const httpBatch = Action.make({
  name: "http_batch",
  family: "http",
  summary: "Sends many HTTP requests, some at a time, and answers with one result per request in their order",
  input: Schema.Struct({
    requests: Fields.describe(
      Schema.Array(Schema.Union([Fields.Text, Schema.Struct({ url: Fields.Text, ...HttpInput.what })])),
      "URLs, or requests such as { url, method, json }; what they leave out is as below"
    ),
    ...HttpInput.what,
    ...HttpInput.how,
    concurrency: Fields.optional(Fields.Int, "Requests at a time [default: 10]"),
    any_status: Fields.optional(
      Fields.Flag,
      "Pass also when requests fail or answer 400 or more; the results tell [default: true when expect speaks of results, ok or failed]"
    )
  }),
  positional: ["requests"],
  output: Schema.Struct({
    results: Schema.Array(Result),
    ok: Schema.Int,
    failed: Schema.Int,
    duration_ms: Schema.Finite
  }),
  effect: (constants, present) => {
    const fallback = constants["method"] ?? (present?.has("method") === false ? "GET" : undefined)
    const { requests } = constants
    if (!isArray(requests)) return "write"
    const methods = requests.map((one) => isRecord(one) ? one["method"] ?? fallback : fallback)
    return methods.every((method) => HttpInput.effectOf(method) === "read") ? "read" : "write"
  },
  validate: HttpInput.validate,
  robogo: { input: RobogoHttp.batchInput, result: RobogoHttp.batchResult },
  examples: [
    {
      title: "Many resources, four at a time",
      yaml: `mocks:
  shop: { routes: { "GET /orders/:id": { echo: true } } }
steps:
  - http_batch:
      base: "\${mocks.shop.url}"
      requests: [/orders/1, /orders/2, /orders/3, /orders/4, /orders/5]
      concurrency: 4
    expect: [ok == 5, "results[4].body.params.id == '5'"]
`
    },
    {
      title: "Different requests, of which one fails",
      yaml: `mocks:
  shop: { routes: { "POST /orders": { status: 201 }, "DELETE /orders/7": { status: 409 } } }
steps:
  - http_batch:
      base: "\${mocks.shop.url}"
      requests:
        - { method: POST, url: /orders, json: { sku: A1 } }
        - { method: DELETE, url: /orders/7 }
      any_status: true
    expect: [failed == 1, "results[1].status == 409"]
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { any_status, concurrency = 10, requests, ...common } = input
    if (concurrency < 1) {
      return yield* new Action.ActionError({ reason: "Invalid", message: "concurrency has to be 1 or more" })
    }
    const clock = yield* Clock.Clock
    const started = clock.monotonicTimeNanosUnsafe()
    const quiet = limitAttachments(context)
    const results = yield* Effect.forEach(
      requests,
      (request) => one(typeof request === "string" ? { ...common, url: request } : over(common, request), quiet),
      { concurrency: Bounds.within(concurrency, context.settings, "http_requests") }
    )
    const failures = results.filter(({ error }) => error !== null)
    if (failures.length > 0 && any_status !== true && !context.robogo) return yield* batchError(results, failures)
    return {
      results,
      ok: results.length - failures.length,
      failed: failures.length,
      duration_ms: Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6
    }
  })
})

type One = HttpInput.Input

/** A request of the list over what is common. Its body replaces the common one, of whatever kind; its credentials likewise. */
const over = (common: Partial<One>, request: One): One => {
  const left: { -readonly [key in keyof One]?: One[key] } = { ...common }
  const groups: ReadonlyArray<ReadonlyArray<keyof One>> = [["json", "form", "multipart", "body"], ["basic", "bearer"]]
  for (const group of groups) {
    if (group.some((name) => request[name] !== undefined)) { for (const name of group) delete left[name] }
  }
  const headers = common.headers === undefined ? request.headers : { ...common.headers, ...request.headers }
  return { ...left, ...request, ...(headers === undefined ? {} : { headers }) }
}

interface OneResult extends ValueRecord {
  readonly url: string
  readonly status: number | null
  readonly error: string | null
}

/** Does one request of a batch. What goes wrong is part of the result; a step is not ended by one of its requests. */
const one = Effect.fnUntraced(function*(input: One, context: Action.ActionContext) {
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  return yield* HttpStep.exchange(input, context).pipe(
    Effect.match({
      onSuccess: (exchange): OneResult => {
        const failed = exchange.status >= 400 && !context.robogo
        const { body, headers, text } = HttpOutput.output(exchange)
        const error = failed ? `answered ${exchange.status}` : null
        return {
          url: exchange.url,
          status: exchange.status,
          headers: headers ?? {},
          body: body ?? null,
          text: text ?? null,
          error,
          duration_ms: exchange.durationMs
        }
      },
      onFailure: (error): OneResult => ({
        url: input.url,
        status: null,
        headers: {},
        body: null,
        text: null,
        error: error.message,
        duration_ms: Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6
      })
    })
  )
})

/** The context of a batch: of thousands of exchanges a report keeps the first ones. */
const limitAttachments = (context: Action.ActionContext): Action.ActionContext => {
  let kept = 0
  return {
    ...context,
    attach: (attachment) => kept++ < keptExchanges ? context.attach(attachment) : Effect.void
  }
}

const batchError = (results: ReadonlyArray<OneResult>, failures: ReadonlyArray<OneResult>): Action.ActionError => {
  const named = failures.slice(0, namedFailures).map(({ error, status, url }) =>
    status === null ? `${error}` : `${url} ${error}`
  )
  const more = failures.length > namedFailures ? `, and ${failures.length - namedFailures} more` : ""
  const status = failures[0]!.status
  return new Action.ActionError({
    reason: failures.some((failure) => failure.status === null) ? "Connection" : "Status",
    ...(status === null ? {} : { status }),
    message: `${failures.length} of ${results.length} requests failed: ${Preview.cut(named.join("; "), 600)}${more}`,
    hint: "A step that looks at its results itself says `any_status: true`"
  })
}
