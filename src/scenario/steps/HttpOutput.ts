/** What a step gets from an HTTP exchange: its output, its record for reports, its failure. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import * as Preview from "../../core/Preview.ts"
import { emptyRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as BodyText from "../../services/http/BodyText.ts"
import type * as HttpExchange from "../../services/HttpExchange.ts"
import * as Action from "../Action.ts"
import type { Attachment } from "../Event.ts"

/** The output of `http`. */
export const output = (exchange: HttpExchange.Exchange): ValueRecord => ({
  status: exchange.status,
  headers: Object.assign(emptyRecord(), exchange.headers),
  body: bodyOf(exchange),
  text: isBinary(exchange) ? null : exchange.text,
  duration_ms: exchange.durationMs,
  url: exchange.url,
  redirects: exchange.redirects.map((redirect) => ({ ...redirect })),
  http_version: exchange.httpVersion ?? null
})

/** JSON as data, other text as text, what is no text as bytes, null when there is nothing. */
export const bodyOf = (exchange: Pick<HttpExchange.Exchange, "bytes" | "headers" | "text">): Value => {
  if (exchange.bytes.length === 0) return null
  if (isBinary(exchange)) return exchange.bytes
  const type = exchange.headers["content-type"]
  // Many servers forget to say that their JSON is JSON, or call it text.
  const maybe = BodyText.isJsonType(type) ||
    (type === undefined || type.startsWith("text/plain")) && Json.looksLikeJson(exchange.text)
  return maybe ? Result.getOrElse(Json.parse(exchange.text), () => exchange.text) : exchange.text
}

export const isBinary = (exchange: Pick<HttpExchange.Exchange, "headers">): boolean => {
  const type = exchange.headers["content-type"] ?? ""
  return /^(image\/(?!svg)|audio\/|video\/|font\/)|^application\/(octet-stream|pdf|zip|gzip|x-tar|wasm|protobuf|x-protobuf|msgpack)\b/i
    .test(type)
}

/** Bodies in reports are cut at this many bytes before they are even made into text; the interpreter cuts further. */
const maxShownBytes = 100_000

/** A request as it is told in reports. */
export interface Told {
  readonly request: HttpExchange.Request
  /** Makes the line that repeats it. */
  readonly curl: () => string | undefined
  /** Whether certificates were not looked at. */
  readonly insecure: boolean
}

/**
 * Returns an exchange as reports keep it; without `exchange`, one that had no answer. Bodies and the `curl` line are made
 * when somebody looks at them: most exchanges go well, and nobody does.
 */
export const attachment = (told: Told, exchange?: HttpExchange.Exchange): Attachment => ({
  _tag: "Http",
  request: new ShownRequest(told.request, exchange?.sent),
  ...(exchange === undefined ? {} : { response: new ShownResponse(exchange) }),
  get curl(): string {
    return told.curl() ?? ""
  },
  insecure: told.insecure
})

class ShownRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  declare readonly body?: string

  constructor(request: HttpExchange.Request, sent: HttpExchange.Prepared | undefined) {
    this.method = sent?.method ?? request.method?.toUpperCase() ?? "GET"
    this.url = sent?.url.href ?? request.url
    this.headers = sent?.headers ?? request.headers ?? {}
    const bytes = sent?.body
    if (bytes !== undefined) lazily(this, "body", () => shown(bytes, this.headers["content-type"]))
  }
}

class ShownResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  declare readonly body: string
  readonly duration_ms: number

  constructor(exchange: HttpExchange.Exchange) {
    this.status = exchange.status
    this.headers = exchange.headers
    this.duration_ms = exchange.durationMs
    lazily(
      this,
      "body",
      () => isBinary(exchange) ? sizeOf(exchange.bytes) : shown(exchange.bytes, exchange.headers["content-type"])
    )
  }
}

/** An enumerable field, so that a copy of the object has its value. */
const lazily = (object: object, name: string, get: () => string): void =>
  void Object.defineProperty(object, name, { get, enumerable: true })

const sizeOf = (bytes: Uint8Array): string => `<${bytes.length} bytes>`

const shown = (bytes: Uint8Array, contentType: string | undefined): string => {
  const text = BodyText.decode(bytes.subarray(0, maxShownBytes), contentType)
  if (text.slice(0, 1_000).includes("\u0000")) return sizeOf(bytes)
  return bytes.length > maxShownBytes ? Preview.cut(text, maxShownBytes) + sizeOf(bytes) : text
}

/** A status that is a failure. The message begins with what the server said, since that mostly tells why. */
export const statusError = (exchange: HttpExchange.Exchange): Action.ActionError => {
  const said = isBinary(exchange) ? "" : exchange.text.trim().replace(/\s+/g, " ")
  const { method, url } = exchange.sent
  return new Action.ActionError({
    reason: "Status",
    status: exchange.status,
    message: `${method} ${url.href} answered ${exchange.status}${said === "" ? "" : `: ${Preview.cut(said, 200)}`}`,
    hint: "A step that expects this says so: `expect: status == ...`",
    values: [{ expression: "status", value: String(exchange.status) }]
  })
}

/** How each reason of an exchange counts for a step. */
const reasons = {
  InvalidUrl: "Invalid",
  InvalidHeader: "Invalid",
  InvalidBody: "Invalid",
  Dns: "Connection",
  Refused: "Connection",
  Unreachable: "Connection",
  ConnectTimeout: "Timeout",
  Timeout: "Timeout",
  Tls: "Connection",
  Proxy: "Connection",
  Reset: "Connection",
  HeadersTooLarge: "Refused",
  BodyTooLarge: "Refused",
  TooManyRedirects: "Refused",
  Decode: "Connection",
  Protocol: "Connection",
  CircuitOpen: "Unavailable",
  Login: "Unavailable"
} as const satisfies Readonly<Record<HttpExchange.HttpExchangeError["reason"], Action.ActionError["reason"]>>

/** With these no server has seen the request. */
const unsent: ReadonlySet<HttpExchange.HttpExchangeError["reason"]> = new Set([
  "InvalidUrl",
  "InvalidHeader",
  "InvalidBody",
  "Dns",
  "Refused",
  "Unreachable",
  "ConnectTimeout",
  "Tls",
  "CircuitOpen"
])

export const toActionError = (error: HttpExchange.HttpExchangeError): Action.ActionError =>
  new Action.ActionError({
    reason: reasons[error.reason],
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(unsent.has(error.reason) ? { undone: true } : {}),
    cause: error
  })
