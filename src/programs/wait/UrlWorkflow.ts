/** Workflows of an API that has no profile: where they are asked for, and what the answers mean. */
import { Clock, Effect, Result, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { suggest } from "../../core/DidYouMean.ts"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import * as Expression from "../../scenario/expression/Expression.ts"
import * as Text from "../../scenario/expression/Text.ts"
import type { Exchange } from "../../services/HttpExchange.ts"
import * as PoliteHttp from "../../services/PoliteHttp.ts"
import type { Item, Seen } from "../WorkflowWait.ts"

export interface Options {
  /** Asks for one workflow; holds `{id}`, and `{parent}` where handles are `parent/id`. */
  readonly url?: string | undefined
  /** Asks for all workflows of a parent at once; may hold `{parent}`. What it does not have, `url` is asked for. */
  readonly list?: string | undefined
  /** Where the list is in its answer. @default body */
  readonly rows?: string | undefined
  /** The id of a row, which is `body`. @default body.id */
  readonly id?: string | undefined
  /** The state. As all expressions here it reads `body`, `status` and `headers`; with `list`, `body` is a row. */
  readonly state: string
  /** States that mean success. */
  readonly done: ReadonlyArray<string>
  readonly failed: ReadonlyArray<string>
  /** States that mean that it goes on; others are unknown then. @default all that are neither done nor failed */
  readonly running?: ReadonlyArray<string> | undefined
  /** From 0 to 1, or to 100. */
  readonly progress?: string | undefined
  readonly message?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** A request had no answer that tells how workflows are. */
export class LookError extends Schema.TaggedError<LookError>()("LookError", { message: Schema.String }) {}

export interface UrlWorkflow {
  /** Reads `id`, or `parent/id` where a URL holds `{parent}`; `undefined` when it is none. */
  readonly parse: (handle: string) => Item | undefined
  readonly poll: (
    parent: string,
    ids: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyMap<string, Seen>, LookError, HttpClient.HttpClient>
}

/** Fails with what is wrong with the options, one sentence each. */
export const make = (options: Options): Result.Result<UrlWorkflow, ReadonlyArray<string>> => {
  const { headers, list, url } = options
  const problems: Array<string> = []
  const compiled = (name: string, text: string | undefined) =>
    text === undefined ? undefined : compile(name, text, problems)
  const rows = compiled("rows", options.rows ?? "body")
  const id = compiled("id", options.id ?? "body.id")
  const state = compiled("state", options.state)
  const progress = compiled("progress", options.progress)
  const message = compiled("message", options.message)
  if (url === undefined && list === undefined) problems.push("it takes --url or --list to look at workflows")
  if (url !== undefined && !url.includes("{id}")) problems.push("--url has no {id}: where does the id go?")
  if (rows === undefined || id === undefined || state === undefined || problems.length > 0) return Result.fail(problems)

  const seenOf = (answer: Answer, now: number): Seen => {
    const text = textOf(state, answer, now)
    const said = message === undefined ? undefined : textOf(message, answer, now)
    const share = progress === undefined ? undefined : shareOf(progress, answer, now)
    return {
      state: text === undefined ? "unknown" : kindOf(options, text),
      text: text ?? "no state",
      ...(share === undefined ? {} : { progress: share }),
      ...(said === undefined || said === "" ? {} : { message: said })
    }
  }

  const listed = Effect.fnUntraced(function*(url: string, wanted: ReadonlySet<string>) {
    const answer = yield* ask(url, headers)
    const now = yield* Clock.currentTimeMillis
    const all = answer === undefined ? [] : valueOf(rows, answer, now)
    if (answer === undefined || !isArray(all)) {
      return yield* new LookError({ message: `GET ${url}: there is no list at ${rows.text}` })
    }
    const seen = new Map<string, Seen>()
    for (const body of all) {
      const row = { ...answer, body }
      const name = textOf(id, row, now)
      if (name !== undefined && wanted.has(name)) seen.set(name, seenOf(row, now))
    }
    return seen
  })

  const one = Effect.fnUntraced(function*(url: string) {
    const answer = yield* ask(url, headers)
    return answer === undefined ? undefined : seenOf(answer, yield* Clock.currentTimeMillis)
  })

  const hasParent = [url, list].some((text) => text?.includes("{parent}"))
  return Result.succeed({
    parse: (handle) => {
      const slash = hasParent ? handle.lastIndexOf("/") : -1
      if (hasParent && (slash <= 0 || slash === handle.length - 1)) return undefined
      // Without a list each workflow is asked for by itself, so each is its own parent.
      return {
        parent: list === undefined ? handle : handle.slice(0, Math.max(0, slash)),
        id: handle.slice(slash + 1)
      }
    },
    poll: Effect.fnUntraced(function*(parent, ids) {
      const owner = list === undefined && hasParent ? parent.slice(0, parent.lastIndexOf("/")) : parent
      const seen = list === undefined
        ? new Map<string, Seen>()
        : yield* listed(filled(list, { parent: owner }), new Set(ids))
      if (url === undefined) return seen
      yield* Effect.forEach(
        ids.filter((id) => !seen.has(id)),
        (id) =>
          Effect.map(one(filled(url, { parent: owner, id })), (found) => {
            if (found !== undefined) seen.set(id, found)
          }),
        { concurrency: 10, discard: true }
      )
      return seen
    })
  })
}

/** What expressions read. */
type Answer = { readonly body: Value; readonly status: number; readonly headers: { readonly [name: string]: Value } }

const names = ["body", "status", "headers"]

const compile = (name: string, text: string, problems: Array<string>): Expression.Expression | undefined => {
  const parsed = Expression.parse(text)
  if (Result.isFailure(parsed)) {
    problems.push(...parsed.failure.map(({ message }) => `--${name} ${JSON.stringify(text)}: ${message}`))
    return undefined
  }
  for (const { name: root } of parsed.success.names.filter(({ name }) => !names.includes(name))) {
    const close = suggest(root, names)
    problems.push(
      `--${name} ${JSON.stringify(text)}: there is no ${root}, ${
        close === undefined ? `only ${names.join(", ")}` : `did you mean ${close}?`
      }`
    )
  }
  return parsed.success
}

/** The value of an expression; `undefined` when it has none. */
const valueOf = (expression: Expression.Expression, answer: Answer, now: number): Value | undefined => {
  const scope = { get: (name: string) => (answer as { readonly [name: string]: Value })[name], list: () => names }
  const value = Expression.evaluate(expression, scope, { now: () => now, random: () => 0 })
  return Result.isSuccess(value) ? value.success : undefined
}

const textOf = (expression: Expression.Expression, answer: Answer, now: number): string | undefined => {
  const value = valueOf(expression, answer, now)
  return value === undefined || value === null ? undefined : Text.write(value)
}

const shareOf = (expression: Expression.Expression, answer: Answer, now: number): number | undefined => {
  const value = Number(textOf(expression, answer, now)?.replace("%", "") ?? NaN)
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value > 1 ? value / 100 : value)) : undefined
}

const kindOf = ({ done, failed, running }: Options, text: string): Seen["state"] =>
  done.includes(text)
    ? "done"
    : failed.includes(text)
    ? "failed"
    : running === undefined || running.includes(text)
    ? "running"
    : "unknown"

/** A template that is only `{id}` is for ids that are URLs. */
const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template === "{id}"
    ? values["id"]!
    : template.replaceAll(/\{(parent|id)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""))

/** The answer to a GET; `undefined` when there is no such thing. */
const ask = Effect.fnUntraced(function*(
  url: string,
  headers: Readonly<Record<string, string>>
): Effect.fn.Return<Answer | undefined, LookError, HttpClient.HttpClient> {
  const exchange = yield* Effect.mapError(
    PoliteHttp.executeIn({ url, headers: { accept: "application/json", ...headers } }),
    ({ message }) => new LookError({ message })
  )
  const { status } = exchange
  if (status === 404 || status === 410) return undefined
  if (status >= 400) return yield* new LookError({ message: `GET ${url}: status ${status}${excerpt(exchange)}` })
  const body = exchange.text === "" ? Result.succeed(null) : Json.parse(exchange.text)
  if (Result.isFailure(body)) return yield* new LookError({ message: `GET ${url}: the answer is no JSON` })
  return { body: body.success, status, headers: exchange.headers }
})

/** What the answer says went wrong, in a few words. */
const excerpt = ({ text }: Exchange): string => {
  const body = Json.parse(text)
  const value = Result.isSuccess(body) && isRecord(body.success)
    ? body.success["message"] ?? body.success["error"]
    : undefined
  return typeof value === "string" ? `, ${value.slice(0, 200)}` : ""
}
