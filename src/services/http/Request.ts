/** A request as a caller describes it, and as it goes out. Everything that can be refused is refused here, before sending. */
import { type Duration, Redacted, Result } from "effect"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"
import type * as HttpPolicy from "../HttpPolicy.ts"
import type { CookieJar } from "./CookieJar.ts"
import type { Failure } from "./Failure.ts"
import * as Multipart from "./Multipart.ts"
import * as UserInfo from "./UserInfo.ts"

/** The body of a request. Each kind has its usual `content-type`, unless the headers name another. */
export type Body =
  | { readonly _tag: "Json"; readonly value: Value }
  | { readonly _tag: "Form"; readonly fields: ReadonlyArray<readonly [name: string, value: string]> }
  | { readonly _tag: "Multipart"; readonly parts: ReadonlyArray<Multipart.Part> }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array }

export type Auth =
  | { readonly _tag: "Basic"; readonly user: string; readonly password: Redacted.Redacted<string> }
  | { readonly _tag: "Bearer"; readonly token: Redacted.Redacted<string> }

export interface Request {
  /** Any token; `get` and `GET` are the same. @default "GET" */
  readonly method?: string | undefined
  /** An absolute `http:` or `https:` URL, or a path when there is a `base`. User and password in it become basic auth. */
  readonly url: string
  /** What a `url` without a scheme is put behind, with one slash between. */
  readonly base?: string | undefined
  /** Added to the query of the URL; a list repeats its name. */
  readonly query?: Readonly<Record<string, string | ReadonlyArray<string>>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Body | undefined
  /** Comes before an `authorization` header. */
  readonly auth?: Auth | undefined
  /** Sent beside those of the jar. */
  readonly cookies?: Readonly<Record<string, string>> | undefined
  /** Keeps the cookies of answers for later requests. @default none are kept */
  readonly jar?: CookieJar | undefined
  /** Bound on the whole exchange. @default that of the policy */
  readonly timeout?: Duration.Duration | undefined
  /** Redirects followed; 0 answers with the redirect itself. @default that of the policy */
  readonly maxRedirects?: number | undefined
  /** @default that of the policy */
  readonly maxBodyBytes?: number | undefined
  /** @default that of the policy */
  readonly reconnect?: boolean | undefined
  /** What this request wants other than `HttpPolicy.Connection`. */
  readonly connection?: HttpPolicy.ConnectionOptions | undefined
}

/** A request as it goes out, without the cookies of the jar. Header names are in lower case. */
export interface Prepared {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/** Checks and encodes a request. `boundary` parts a multipart body: it must not occur in any of the parts. */
export const prepare = (request: Request, boundary: string): Result.Result<Prepared, Failure> =>
  Result.gen(function*() {
    const method = (request.method ?? "GET").toUpperCase()
    if (!isToken(method) || method === "CONNECT") {
      return yield* invalid("InvalidHeader", `${quote(request.method ?? "")} is not a method`)
    }
    const url = yield* buildUrl(request)
    const headers: Record<string, string> = { accept: "*/*", "user-agent": "skein" }
    const userInfo = UserInfo.take(url)
    if (userInfo !== undefined) headers["authorization"] = UserInfo.header(userInfo)
    const encoded = request.body === undefined ? undefined : yield* encodeBody(request.body, boundary)
    if (encoded !== undefined) headers["content-type"] = encoded.contentType
    for (const [name, value] of Object.entries(request.headers ?? {})) {
      headers[name.toLowerCase()] = yield* checkHeader(name, value, encoded?.bytes)
    }
    delete headers["content-length"]
    if (request.auth !== undefined) headers["authorization"] = yield* authorization(request.auth)
    const cookies = yield* cookieHeader(request.cookies ?? {})
    if (cookies !== "") {
      headers["cookie"] = headers["cookie"] === undefined
        ? cookies
        : `${headers["cookie"]}; ${cookies}`
    }
    return { method, url, headers, body: encoded?.bytes }
  })

const invalid = (reason: Failure["reason"], detail: string, hint?: string): Result.Result<never, Failure> =>
  Result.fail(hint === undefined ? { reason, detail } : { reason, detail, hint })

const isToken = (text: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const isControl = /[\u0000-\u001f\u007f]/

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text)

/** Makes the URL of a request, credentials in it included; {@link prepare} moves those to a header. */
export const buildUrl = (request: Pick<Request, "url" | "base" | "query">): Result.Result<URL, Failure> => {
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(request.url)
  const text = absolute || request.base === undefined ? request.url : join(request.base, request.url)
  // A URL parser drops line breaks in silence; what they were to smuggle in would be sent.
  if (isControl.test(text)) return invalid("InvalidUrl", `the URL ${quote(text)} holds a control character`)
  const url = URL.parse(text)
  if (url === null) {
    const hint = absolute
      ? undefined
      : "Write it with its scheme, such as http://localhost:8080/orders, or give a `base`"
    return invalid("InvalidUrl", `${quote(text)} is not an absolute URL`, hint)
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return invalid("InvalidUrl", `${quote(text)} is not an http: or https: URL`)
  }
  appendQuery(url, request.query ?? {})
  url.hash = ""
  return Result.succeed(url)
}

const join = (base: string, path: string): string =>
  path === "" ? base : path.startsWith("?") ? base + path : `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`

/** Leaves the query that is there as it is: `searchParams` would write all of it anew. */
const appendQuery = (url: URL, query: NonNullable<Request["query"]>): void => {
  const added = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map((one) => `${encode(name)}=${encode(one)}`)
  )
  if (added.length > 0) url.search += (url.search === "" ? "" : "&") + added.join("&")
}

/** A lone surrogate cannot be encoded; it becomes the replacement character. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed())

const encoder = new TextEncoder()

const authorization = (auth: Auth): Result.Result<string, Failure> => {
  if (auth._tag === "Basic") {
    return auth.user.includes(":") || isControl.test(auth.user)
      ? invalid("InvalidHeader", "the user name of basic auth holds a colon or a control character")
      : Result.succeed(UserInfo.header({ user: auth.user, password: Redacted.value(auth.password) }))
  }
  const token = Redacted.value(auth.token)
  return /^[\x21-\x7e]+$/.test(token)
    ? Result.succeed(`Bearer ${token}`)
    : invalid(
      "InvalidHeader",
      "the bearer token is empty or holds a character that no token may",
      "Is there a line break at its end?"
    )
}

/** These say how the message is framed; a second opinion would let one request pass for two. */
const framing: ReadonlySet<string> = new Set(["transfer-encoding", "keep-alive", "upgrade", "expect", "te", "trailer"])

const checkHeader = (name: string, value: string, body: Uint8Array | undefined): Result.Result<string, Failure> => {
  if (!isToken(name)) return invalid("InvalidHeader", `${quote(name)} is not a header name`)
  const lower = name.toLowerCase()
  if (framing.has(lower) || lower === "content-length" && value.trim() !== String(body?.length ?? 0)) {
    return invalid("InvalidHeader", `the header ${name} is set by the client`, "Leave it out")
  }
  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, "")
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(trimmed)) return Result.succeed(trimmed)
  return isControl.test(trimmed)
    ? invalid("InvalidHeader", `the value of the header ${name} holds a line break or another control character`)
    : invalid(
      "InvalidHeader",
      `the value of the header ${name} holds characters beyond Latin-1`,
      "Encode it, for example with `url_encode`"
    )
}

const cookieHeader = (cookies: Readonly<Record<string, string>>): Result.Result<string, Failure> => {
  for (const [name, value] of Object.entries(cookies)) {
    if (!isToken(name)) return invalid("InvalidHeader", `${quote(name)} is not a cookie name`)
    if (!/^[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value.replace(/^"(.*)"$/, "$1"))) {
      return invalid(
        "InvalidHeader",
        `the value of the cookie ${name} holds a character that no cookie may`,
        "Encode it, for example with `url_encode`"
      )
    }
  }
  return Result.succeed(Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; "))
}

interface Encoded {
  readonly contentType: string
  readonly bytes: Uint8Array
}

const encodeBody = (body: Body, boundary: string): Result.Result<Encoded, Failure> => {
  switch (body._tag) {
    case "Json":
      return Result.succeed({ contentType: "application/json", bytes: encoder.encode(Json.stringify(body.value)) })
    case "Form":
      return Result.succeed({
        contentType: "application/x-www-form-urlencoded",
        bytes: encoder.encode(formText(body.fields))
      })
    case "Multipart":
      return Result.map(Multipart.encode(body.parts, boundary), (bytes) => ({
        contentType: `multipart/form-data; boundary=${boundary}`,
        bytes
      }))
    case "Text":
      return Result.succeed({ contentType: "text/plain; charset=utf-8", bytes: encoder.encode(body.text) })
    case "Bytes":
      return Result.succeed({ contentType: "application/octet-stream", bytes: body.bytes })
  }
}

const formText = (fields: ReadonlyArray<readonly [string, string]>): string => {
  const form = new URLSearchParams()
  for (const [name, value] of fields) form.append(name, value)
  return form.toString()
}
