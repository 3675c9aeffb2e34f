/** What a step says about an HTTP request, and the request that it means. `actions/http.ts` and `actions/http_batch.ts` share it. */
import { Effect, type FileSystem, type Path, Redacted, Result, Schema } from "effect"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as CookieJar from "../../services/http/CookieJar.ts"
import type * as HttpExchange from "../../services/HttpExchange.ts"
import { type ConnectionOptions, proxyUrl } from "../../services/HttpPolicy.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as InputFile from "./InputFile.ts"

const Texts = Schema.Union([Fields.Text, Schema.Array(Fields.Text)])

const FilePart = Schema.Struct({
  file: Fields.optional(Fields.Text, "The file that is sent, relative to the scenario's folder"),
  content: Fields.optional(Fields.Value, "What is sent in place of a file: text, bytes, or data as JSON"),
  filename: Fields.optional(Fields.Text, "The name that the server sees [default: that of the file]"),
  type: Fields.optional(Fields.Text, "Its content type [default: application/octet-stream]")
})

const Part = Schema.Union([Fields.Text, FilePart])

/** Inputs that say what is asked for. */
export const what = {
  method: Fields.optional(Fields.Text, "GET, POST, ... [default: GET]"),
  base: Fields.optional(Fields.Text, "What a url without a scheme is put behind"),
  headers: Fields.optional(Fields.TextRecord, "Header fields"),
  query: Fields.optional(Schema.Record(Schema.String, Texts), "Query parameters; a list repeats one"),
  json: Fields.optional(Fields.Value, "Body, sent as JSON"),
  form: Fields.optional(Schema.Record(Schema.String, Texts), "Body, sent as a form; a list repeats a field"),
  multipart: Fields.optional(
    Schema.Record(Schema.String, Schema.Union([Part, Schema.Array(Part)])),
    "Body of fields and files: text, or { file, content, filename, type }, or a list of those"
  ),
  body: Fields.optional(Fields.Value, "Body as it is: text or bytes; a list or object is sent as JSON"),
  basic: Fields.optional(
    Schema.Union([Fields.Text, Schema.Struct({ user: Fields.Text, password: Fields.Text })]),
    "Basic auth: { user, password } or user:password"
  ),
  bearer: Fields.optional(Fields.Text, "Bearer token"),
  cookies: Fields.optional(
    Schema.Union([Schema.Boolean, Fields.TextRecord]),
    "Cookies to send beside those of the case; false sends and keeps none"
  )
}

/** Inputs that say how it is sent. */
export const how = {
  timeout: Fields.optional(Fields.Duration, "Bound on the whole exchange [default: 30s]"),
  connect_timeout: Fields.optional(Fields.Duration, "Bound on connecting and the TLS handshake [default: 10s]"),
  redirects: Fields.optional(
    Schema.Union([Schema.Boolean, Fields.Int]),
    "How many redirects are followed; false follows none [default: 10]"
  ),
  max_body: Fields.optional(Fields.Bytes, "The largest body that is kept, after decompression [default: 10MB]"),
  insecure: Fields.optional(Fields.Flag, "Accept any certificate; the report says so [default: false]"),
  ca: Fields.optional(Fields.Text, "Certificates to trust in place of the system's: a PEM file, or PEM text"),
  cert: Fields.optional(Fields.Text, "The client's certificate: a PEM file, or PEM text"),
  key: Fields.optional(Fields.Text, "The private key of cert: a PEM file, or PEM text"),
  passphrase: Fields.optional(Fields.Text, "Opens key"),
  proxy: Fields.optional(
    Schema.Union([Schema.Boolean, Fields.Text]),
    "URL of an HTTP proxy; false connects directly [default: as the environment says]"
  ),
  http2: Fields.optional(
    Schema.Union([Schema.Literal("required"), Fields.Flag]),
    "Speak HTTP/2 when the server offers it; required: nothing else, and without TLS by prior knowledge [default: true]"
  ),
  reconnect: Fields.optional(
    Fields.Flag,
    "Send an idempotent request once more when its connection broke before an answer [default: true; false for a step with retry]"
  )
}

const inputs = Schema.Struct({ url: Fields.Text, ...what, ...how })

/** One request as a step says it. */
export type Input = typeof inputs.Type

/** Rules between inputs; see `Definition.validate`. */
export const validate = (present: ReadonlySet<string>, constants: ValueRecord): ReadonlyArray<string> => {
  const several = (names: ReadonlyArray<string>): ReadonlyArray<string> => names.filter((name) => present.has(name))
  const bodies = several(["json", "form", "multipart", "body"])
  const auths = several(["basic", "bearer"])
  return [
    ...(bodies.length > 1 ? [`has one body only, not ${bodies.join(" and ")}`] : []),
    ...(auths.length > 1 ? ["has basic or bearer, not both"] : []),
    ...(present.has("cert") !== present.has("key") ? ["needs cert and key together"] : []),
    ...[constants["url"], constants["base"], ...listOf(constants["requests"]).map(urlOf)].flatMap(unspoken)
  ]
}

const listOf = (value: Value | undefined): ReadonlyArray<Value> => isArray(value) ? value : []
const urlOf = (request: Value): Value | undefined => isRecord(request) ? request["url"] : request

/** What is said of a URL that is neither `http:` nor `https:`. */
const unspoken = (url: Value | undefined): ReadonlyArray<string> => {
  const [, scheme] = typeof url === "string" ? /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? [] : []
  if (scheme === undefined || /^https?$/i.test(scheme)) return []
  const out = /^(wss?|grpcs?)$/i.test(scheme) ? "; WebSocket and gRPC are not spoken" : ""
  return [`speaks http: and https:, not ${scheme}:${out}`]
}

/** Whether a method changes something: `read` for GET, HEAD and OPTIONS. */
export const effectOf = (method: Value | undefined): Action.StepEffect =>
  typeof method === "string" && /^(get|head|options)$/i.test(method) ? "read" : "write"

/** What making a request needs of a step's surroundings. */
export type Context = Pick<Action.ActionContext, "directory" | "root" | "allowOutside" | "robogo" | "once">

/** Under this key a case keeps its cookies. */
export const jarKey = "http.cookies"

/** Makes the request. Reads the files that it names, inside the root; fails with `Invalid` or what the file's fault is. */
export const toRequest = Effect.fnUntraced(function*(
  input: Input,
  context: Context
): Effect.fn.Return<HttpExchange.Request, Action.ActionError, FileSystem.FileSystem | Path.Path> {
  const plain = yield* Effect.fromResult(plainRequest(input))
  return {
    ...plain,
    body: input.multipart === undefined ? plain.body : yield* multipartOf(input.multipart, context),
    jar: input.cookies === false ? undefined : yield* context.once(jarKey, CookieJar.make),
    connection: yield* connectionOf(input, context)
  }
})

/** As {@link toRequest} as far as no file is read and nothing kept: without a multipart body, cookies of the case and certificates. */
export const plainRequest = (input: Input): Result.Result<HttpExchange.Request, Action.ActionError> =>
  Result.map(authOf(input), (auth) => ({
    method: input.method,
    url: input.url,
    base: input.base,
    query: input.query,
    headers: input.headers,
    body: plainBody(input),
    auth,
    cookies: typeof input.cookies === "object" ? input.cookies : undefined,
    timeout: input.timeout,
    maxRedirects: input.redirects === true ? undefined : input.redirects === false ? 0 : input.redirects,
    maxBodyBytes: input.max_body,
    reconnect: input.reconnect
  }))

const invalid = (message: string, hint?: string): Action.ActionError =>
  new Action.ActionError({ reason: "Invalid", message, ...(hint === undefined ? {} : { hint }) })

const plainBody = (input: Input): HttpExchange.Body | undefined => {
  if (input.json !== undefined) return { _tag: "Json", value: input.json }
  if (input.form !== undefined) return { _tag: "Form", fields: spread(input.form) }
  return input.body === undefined || input.body === null ? undefined : rawBody(input.body)
}

const multipartOf = (multipart: NonNullable<Input["multipart"]>, context: Context) =>
  Effect.map(
    Effect.forEach(spread(multipart), ([name, part]) => partOf(name, part, context)),
    (parts): HttpExchange.Body => ({ _tag: "Multipart", parts })
  )

/** One entry per value of a list. */
const spread = <A>(record: Readonly<Record<string, A | ReadonlyArray<A>>>): ReadonlyArray<readonly [string, A]> =>
  Object.entries(record).flatMap(([name, value]) =>
    (Array.isArray(value) ? value as ReadonlyArray<A> : [value as A]).map((one) => [name, one] as const)
  )

const rawBody = (value: Value): HttpExchange.Body => {
  if (value instanceof Uint8Array) return { _tag: "Bytes", bytes: value }
  return isRecord(value) || isArray(value) ? { _tag: "Json", value } : { _tag: "Text", text: String(value) }
}

const partOf = Effect.fnUntraced(function*(
  name: string,
  part: typeof Part.Type,
  context: Context
): Effect.fn.Return<HttpExchange.Part, Action.ActionError, FileSystem.FileSystem | Path.Path> {
  if (typeof part === "string") return { _tag: "Field", name, value: part }
  if ((part.file === undefined) === (part.content === undefined)) {
    return yield* invalid(`the part ${JSON.stringify(name)} of multipart needs either file or content`)
  }
  const bytes = part.file === undefined ? contentOf(part.content ?? null) : yield* InputFile.read(part.file, context)
  const filename = part.filename ?? part.file?.split(/[/\\]/).at(-1) ?? name
  return { _tag: "File", name, bytes, filename, type: part.type }
})

const contentOf = (content: Value): Uint8Array => {
  const body = rawBody(content)
  return body._tag === "Bytes"
    ? body.bytes
    : encoder.encode(body._tag === "Json" ? Json.stringify(body.value) : String(content))
}

const encoder = new TextEncoder()

const authOf = (input: Input): Result.Result<HttpExchange.Auth | undefined, Action.ActionError> => {
  const { basic, bearer } = input
  if (bearer !== undefined) return Result.succeed({ _tag: "Bearer", token: Redacted.make(bearer) })
  if (basic === undefined) return Result.succeed(undefined)
  if (typeof basic === "object") {
    return Result.succeed({ _tag: "Basic", user: basic.user, password: Redacted.make(basic.password) })
  }
  const colon = basic.indexOf(":")
  return colon === -1
    ? Result.fail(invalid("basic is not like user:password", "Write it as { user, password }"))
    : Result.succeed({ _tag: "Basic", user: basic.slice(0, colon), password: Redacted.make(basic.slice(colon + 1)) })
}

const connectionOf = Effect.fnUntraced(function*(
  input: Input,
  context: Context
): Effect.fn.Return<ConnectionOptions | undefined, Action.ActionError, FileSystem.FileSystem | Path.Path> {
  const proxy = typeof input.proxy === "string"
    ? redact(proxyUrl(input.proxy))
    : input.proxy === false
    ? false
    : undefined
  const options: ConnectionOptions = {
    insecure: input.insecure,
    connectTimeout: input.connect_timeout,
    http2: input.http2,
    proxy,
    ca: yield* pemOf(input.ca, context),
    certificate: yield* pemOf(input.cert, context),
    key: redact(yield* pemOf(input.key, context)),
    passphrase: redact(input.passphrase)
  }
  // Without wishes, the request shares the options object of all others, which is the quickest way to its pool.
  return Object.values(options).every((value) => value === undefined) ? undefined : options
})

const redact = (text: string | undefined): Redacted.Redacted<string> | undefined =>
  text === undefined ? undefined : Redacted.make(text)

const pemOf = (given: string | undefined, context: Context) =>
  given === undefined
    ? Effect.undefined
    : given.includes("-----BEGIN")
    ? Effect.succeed(given)
    : Effect.map(InputFile.read(given, context), (bytes) => new TextDecoder().decode(bytes))
