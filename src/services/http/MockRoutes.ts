/**
 * The answers of a stub API: which route is meant, which of its answers is next, which calls there were.
 *
 * A path is matched part by part: `users` itself, `:id` any one part, `*` at the end whatever is left (nothing, too). A
 * route whose parts are named exactly comes before one with `:id`, and that before one with `*`, wherever they stand.
 * `?page=2` in a key is a `match` on the query. A key with a host (`GET https://a.test/x`) is for that host only.
 */
import { Duration, Result } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Json from "../../core/Json.ts"
import { emptyRecord, field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import { type Answer, type Definition, maxCalls } from "../MockServer.ts"
import * as BodyText from "./BodyText.ts"

/** A request as a stub sees it. Header names are in lower case. */
export interface Received {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Sent {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
  readonly delay: Duration.Duration
  /** The connection is to be closed; nothing else counts. */
  readonly drop: boolean
}

export interface MockRoutes {
  /** Chooses the answer to a request and remembers the call. */
  readonly answer: (received: Received) => Sent
  /** The calls so far; see `MockServer.Running`. */
  readonly calls: () => ReadonlyArray<ValueRecord>
}

/** Reads the routes of a definition. Fails with one sentence for each that cannot be understood. */
export const make = (definition: Definition): Result.Result<MockRoutes, ReadonlyArray<string>> => {
  const problems: Array<string> = []
  const routes = Object.entries(definition.routes ?? {}).flatMap(([key, given]) => {
    const route = parse(key, answersOf(given))
    if (typeof route !== "string") return [route]
    problems.push(route)
    return []
  })
  if (problems.length > 0) return Result.fail(problems)

  // The sort is stable: equal ones stay as they were written.
  const ordered = routes.sort((a, b) => a.vagueness - b.vagueness)
  const calls: Array<ValueRecord> = []
  return Result.succeed({
    calls: () => calls.slice(),
    answer: (received) => {
      const call = describeCall(received)
      const chosen = choose(ordered, received, call)
      const seen = chosen === undefined ? call : { ...call, params: chosen.params }
      const sent = chosen === undefined
        ? unrouted(definition, ordered, received, seen)
        : compose(chosen.answer, seen)
      calls.push({ ...seen, status: sent.status })
      if (calls.length > maxCalls) calls.shift()
      return sent
    }
  })
}

interface Route {
  readonly key: string
  readonly method: string | undefined
  readonly host: string | undefined
  readonly parts: ReadonlyArray<string>
  readonly query: Readonly<Record<string, string>>
  readonly vagueness: number
  readonly matching: ReadonlyArray<Answer>
  readonly sequence: ReadonlyArray<Answer>
  /** How many of the sequence were given. */
  given: number
}

const answersOf = (given: NonNullable<Definition["routes"]>[string]): ReadonlyArray<Answer> =>
  Array.isArray(given) ? given : "sequence" in given ? given.sequence : [given as Answer]

const parse = (key: string, answers: ReadonlyArray<Answer>): Route | string => {
  const match = /^(?:([A-Za-z]+|\*)\s+)?(?:(https?:\/\/[^/\s]+))?(\/[^\s?]*)(?:\?(\S*))?$/.exec(key.trim())
  if (match === null) return `route ${JSON.stringify(key)} is not like "GET /path"`
  if (answers.length === 0) return `route ${JSON.stringify(key)} has no answer`
  const [, method = "*", origin, path = "/", query = ""] = match
  const parts = partsOf(path)
  if (parts.slice(0, -1).includes("*")) return `route ${JSON.stringify(key)} has a * before its end`
  const exactness = parts.map((part) => part === "*" ? 2 : part.startsWith(":") ? 1 : 0)
  return {
    key,
    method: method === "*" ? undefined : method.toUpperCase(),
    host: origin === undefined ? undefined : URL.parse(origin)?.host,
    parts,
    query: Object.fromEntries(new URLSearchParams(query)),
    // Of two equally vague ones, that with more exact parts comes first, and a query narrows a route too.
    vagueness: Math.max(0, ...exactness) * 10_000 + exactness.filter((one) => one > 0).length * 100 -
      exactness.filter((one) => one === 0).length * 2 - (query === "" ? 0 : 1),
    matching: answers.filter(({ match }) => match !== undefined),
    sequence: answers.filter(({ match }) => match === undefined),
    given: 0
  }
}

const partsOf = (path: string): ReadonlyArray<string> => path.replace(/^\/|\/$/g, "").split("/")

const decodePart = (part: string): string => Result.getOrElse(Result.try(() => decodeURIComponent(part)), () => part)

const describeCall = (received: Received): ValueRecord => {
  const query = emptyRecord()
  for (const name of new Set(received.url.searchParams.keys())) {
    const values = received.url.searchParams.getAll(name)
    query[name] = values.length === 1 ? values[0]! : values
  }
  const headers = Object.assign(emptyRecord(), received.headers)
  return {
    method: received.method,
    path: received.url.pathname,
    params: emptyRecord(),
    query,
    headers,
    body: bodyOf(received)
  }
}

const bodyOf = ({ body, headers }: Received): Value => {
  if (body.length === 0) return null
  const text = BodyText.decode(body, headers["content-type"])
  if (!BodyText.isJsonType(headers["content-type"])) return text
  return Result.getOrElse(Json.parse(text), () => text)
}

const choose = (
  routes: ReadonlyArray<Route>,
  received: Received,
  call: ValueRecord
): { readonly answer: Answer; readonly params: ValueRecord } | undefined => {
  const path = partsOf(received.url.pathname)
  for (const route of routes) {
    const params = matchRoute(route, received, path)
    if (params === undefined) continue
    const special = route.matching.find((answer) => matches(answer.match!, call))
    if (special !== undefined) return { answer: special, params }
    const next = route.sequence[Math.min(route.given, route.sequence.length - 1)]
    if (next === undefined) continue
    route.given++
    return { answer: next, params }
  }
  return undefined
}

const matchRoute = (route: Route, received: Received, path: ReadonlyArray<string>): ValueRecord | undefined => {
  const method = received.method === "HEAD" && route.method === "GET" ? "GET" : received.method
  if (route.method !== undefined && route.method !== method) return undefined
  if (route.host !== undefined && route.host !== received.url.host) return undefined
  for (const [name, value] of Object.entries(route.query)) {
    if (!received.url.searchParams.getAll(name).includes(value)) return undefined
  }
  const params = emptyRecord()
  for (const [at, part] of route.parts.entries()) {
    if (part === "*") {
      params["*"] = path.slice(at).map(decodePart).join("/")
      return params
    }
    const actual = path[at]
    if (actual === undefined) return undefined
    if (part.startsWith(":") && actual !== "") params[part.slice(1)] = decodePart(actual)
    else if (decodePart(part) !== decodePart(actual)) return undefined
  }
  return path.length === route.parts.length ? params : undefined
}

const matches = (match: NonNullable<Answer["match"]>, call: ValueRecord): boolean =>
  Object.entries(match.query ?? {}).every(([name, value]) => {
    const actual = isRecord(call["query"]) ? field(call["query"], name) : undefined
    return isArray(actual) ? actual.includes(String(value)) : actual === String(value)
  }) &&
  Object.entries(match.headers ?? {}).every(([name, value]) =>
    isRecord(call["headers"]) && field(call["headers"], name.toLowerCase()) === String(value)
  ) &&
  (match.json === undefined || holds(call["body"], match.json))

/** True when `actual` has all of `expected`: objects may have more fields. */
const holds = (actual: Value | undefined, expected: Value): boolean => {
  if (isRecord(expected)) {
    return isRecord(actual) && Object.entries(expected).every(([key, value]) => holds(field(actual, key), value))
  }
  if (isArray(expected)) {
    return isArray(actual) && actual.length === expected.length && expected.every((one, at) => holds(actual[at], one))
  }
  return actual === expected
}

const compose = (answer: Answer, call: ValueRecord): Sent => {
  const headers = Object.entries(answer.headers ?? {}).flatMap(([name, value]): Array<readonly [string, string]> =>
    Array.isArray(value) ? value.map((one) => [name.toLowerCase(), String(one)]) : [[name.toLowerCase(), String(value)]]
  )
  const json = answer.echo === true ? call : answer.json
  const type = json !== undefined
    ? "application/json"
    : answer.text !== undefined
    ? "text/plain; charset=utf-8"
    : undefined
  if (type !== undefined && !headers.some(([name]) => name === "content-type")) headers.unshift(["content-type", type])
  return {
    status: answer.status ?? 200,
    headers,
    body: json !== undefined ? Json.stringify(json) : answer.text ?? "",
    delay: delayOf(answer.delay),
    drop: answer.drop ?? false
  }
}

const delayOf = (delay: string | number | undefined): Duration.Duration =>
  typeof delay === "string" ? DurationText.parse(delay) ?? Duration.zero : Duration.seconds(delay ?? 0)

const unrouted = (definition: Definition, routes: ReadonlyArray<Route>, received: Received, call: ValueRecord): Sent =>
  definition.echo === true
    ? compose({ echo: true }, call)
    : compose({
      status: 404,
      json: { error: `no route for ${received.method} ${received.url.pathname}`, routes: routes.map(({ key }) => key) }
    }, call)
