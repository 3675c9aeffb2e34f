/** The bytes of an HTTP/1.1 request, made once and sent as often as wanted. `ResponseParser.ts` reads the answers. */
import { Result } from "effect"
import * as Bytes from "./Bytes.ts"

export interface Request {
  readonly method: string
  /** Path and query as on the wire: `/items?page=2`; for a proxy the whole URL. */
  readonly target: string
  /** The value of `host`, unless `headers` has one: `shop.test:8080`. */
  readonly host: string
  /** In their order; a name may come twice. Values are sent as UTF-8. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  readonly body?: Uint8Array | string | undefined
}

/** Methods whose requests say `content-length: 0` when they have no body (RFC 9110, 8.6). */
const withBody: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"])
/** What this module writes itself, since a request whose length lies is two requests. */
const framing: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"])

/**
 * Returns head and body as one piece, or everything that is wrong with the request: a method or name that is no token, a
 * target with spaces or bytes beyond ASCII, a line break or control character anywhere, `content-length` and
 * `transfer-encoding` among the headers.
 */
export const make = (request: Request): Result.Result<Uint8Array<ArrayBuffer>, ReadonlyArray<string>> => {
  const problems = check(request)
  if (problems.length > 0) return Result.fail(problems)
  const body = typeof request.body === "string" ? encoder.encode(request.body) : request.body
  return Result.succeed(write(request, linesOf(request), request.target, body))
}

/** What many requests have in common: all but target and body. */
export type Common = Omit<Request, "target" | "body">

/**
 * As {@link make}, for many requests that differ in target and body only: the rest is checked once. Fails as `make` does; what is answered
 * fails for a target that cannot be sent.
 */
export const makeMany = (
  common: Common
): Result.Result<
  (target: string, body?: Uint8Array) => Result.Result<Uint8Array<ArrayBuffer>, ReadonlyArray<string>>,
  ReadonlyArray<string>
> => {
  const problems = check({ ...common, target: "/" })
  if (problems.length > 0) return Result.fail(problems)
  const lines = linesOf(common)
  return Result.succeed((target, body) =>
    isTarget(target) ? Result.succeed(write(common, lines, target, body)) : Result.fail(check({ ...common, target }))
  )
}

/** The headers as they are sent, the length of the body apart. */
const linesOf = ({ headers = [], host }: Common): string => {
  const own = headers.some(([name]) => name.toLowerCase() === "host") ? headers : [["host", host] as const, ...headers]
  return own.map(([name, value]) => `${name}: ${value}\r\n`).join("")
}

const write = (
  { method }: Common,
  lines: string,
  target: string,
  body: Uint8Array | undefined
): Uint8Array<ArrayBuffer> => {
  const length = body !== undefined || withBody.has(method) ? `content-length: ${body?.length ?? 0}\r\n` : ""
  const head = encoder.encode(`${method} ${target} HTTP/1.1\r\n${lines}${length}\r\n`)
  if (body === undefined) return head
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}

const encoder = new TextEncoder()

const check = ({ headers = [], host, method, target }: Request): ReadonlyArray<string> => [
  ...isToken(method) ? [] : [`the method ${JSON.stringify(method)} is not one word`],
  ...isTarget(target) ? [] : [`the target ${JSON.stringify(target)} has a character that is to be percent-encoded`],
  ...isTarget(host) ? [] : [`the host ${JSON.stringify(host)} is none`],
  ...headers.flatMap(([name, value]) => {
    if (!isToken(name)) return [`the header name ${JSON.stringify(name)} is not one word`]
    // The value may be a secret.
    if (!isText(value)) return [`the value of the header ${name} has a line break or a control character`]
    return framing.has(name.toLowerCase()) ? [`the header ${name} is written by what sends the body`] : []
  })
]

const isToken = (text: string): boolean => text !== "" && every(text, (code) => code < 128 && Bytes.isToken(code))
/** Visible ASCII. */
const isTarget = (text: string): boolean => text !== "" && every(text, (code) => code > 32 && code < 127)
const isText = (text: string): boolean => every(text, (code) => code > 127 || Bytes.isText(code))

const every = (text: string, holds: (code: number) => boolean): boolean => {
  for (let index = 0; index < text.length; index++) if (!holds(text.charCodeAt(index))) return false
  return true
}
