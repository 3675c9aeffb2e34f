/**
 * The answer to a request of a load as `expect` and `save` see it: the fields of the output of `http`, each made when it is read. One
 * object a virtual user, used again for every answer.
 */
import { emptyRecord, type Value, type ValueRecord } from "../../../core/Value.ts"
import type * as Code from "../../../scenario/compile/Code.ts"
import * as HttpOutput from "../../../scenario/steps/HttpOutput.ts"
import * as BodyText from "../../../services/http/BodyText.ts"
import type { LoadResponse } from "../../../services/LoadTransport.ts"

/** What of an answer somebody reads. */
export interface Reads {
  readonly headers: boolean
  readonly body: boolean
}

const fields = ["status", "headers", "body", "text", "duration_ms", "url", "redirects", "http_version"] as const
type Field = (typeof fields)[number]

/** Names of the output that need what costs something to keep. */
export const readsOf = (names: Iterable<string>): Reads => {
  const read = new Set(names)
  const body = read.has("body") || read.has("text")
  return { body, headers: body || read.has("headers") }
}

const nothing = new Uint8Array(0)

export class HttpAnswer implements Code.Names {
  status = 0
  bytes: Uint8Array = nothing
  durationMillis = 0
  url = ""
  redirects: ReadonlyArray<ValueRecord> = []
  private fieldLines: LoadResponse["headers"] = []
  private joined: Readonly<Record<string, string>> | undefined
  private decoded: string | undefined
  private parsed: Value | undefined
  private readonly outer: Code.Names

  constructor(outer: Code.Names) {
    this.outer = outer
  }

  /** Takes the next answer. The bytes are those of the connection: they are read before its next request. */
  take(response: LoadResponse, url: string, durationMillis: number, redirects: ReadonlyArray<ValueRecord> = []): void {
    this.status = response.status
    this.bytes = response.body
    this.fieldLines = response.headers
    this.url = url
    this.durationMillis = durationMillis
    this.redirects = redirects
    this.joined = undefined
    this.decoded = undefined
    this.parsed = undefined
  }

  get headers(): Readonly<Record<string, string>> {
    return this.joined ??= joinHeaders(this.fieldLines)
  }

  get text(): string {
    return this.decoded ??= BodyText.decode(this.bytes, this.headers["content-type"])
  }

  get(name: string): Value | undefined {
    return isField(name) ? this.field(name) : this.outer.get(name)
  }

  list(): ReadonlyArray<string> {
    return [...fields, ...this.outer.list()]
  }

  /** All of it, as a step's output. */
  output(): ValueRecord {
    return Object.fromEntries(fields.map((name) => [name, this.field(name)]))
  }

  private field(name: Field): Value {
    switch (name) {
      case "status":
        return this.status
      case "headers":
        return this.headers
      case "body":
        return this.body()
      case "text":
        return HttpOutput.isBinary(this) ? null : this.text
      case "duration_ms":
        return this.durationMillis
      case "url":
        return this.url
      case "redirects":
        return this.redirects
      case "http_version":
        return "1.1"
    }
  }

  private body(): Value {
    if (this.parsed === undefined) {
      const body = HttpOutput.bodyOf(this)
      // What is saved has to outlive the connection's buffer.
      this.parsed = body instanceof Uint8Array ? Uint8Array.from(body) : body
    }
    return this.parsed
  }
}

const names: ReadonlySet<string> = new Set(fields)
const isField = (name: string): name is Field => names.has(name)

const joinHeaders = (lines: LoadResponse["headers"]): Readonly<Record<string, string>> => {
  const joined = emptyRecord<string>()
  for (const [name, value] of lines) joined[name] = joined[name] === undefined ? value : `${joined[name]}, ${value}`
  return joined
}

/** The `set-cookie` lines of an answer. */
export const setCookiesOf = ({ headers }: LoadResponse): ReadonlyArray<string> =>
  headers.some(isSetCookie) ? headers.filter(isSetCookie).map(([, value]) => value) : none

const isSetCookie = ([name]: readonly [name: string, value: string]): boolean => name === "set-cookie"
const none: ReadonlyArray<string> = []

/** The last value of a header. */
export const headerOf = (response: LoadResponse, wanted: string): string | undefined =>
  response.headers.findLast(([name]) => name === wanted)?.[1]
