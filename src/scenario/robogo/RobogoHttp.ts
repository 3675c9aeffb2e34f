/**
 * Robogo's spellings of HTTP steps, and the results that it stores. Its generations put headers and body in different
 * places; they are told apart by what they look like.
 */
import { emptyRecord, field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as CookieJar from "../../services/http/CookieJar.ts"
import { ActionError } from "../Action.ts"
import * as Text from "../expression/Text.ts"

/** The input of `http [method, url, ...]`, `http_get [url, ...]`, `http_post [url, ...]` with headers and body in any order. */
export const input = (args: ReadonlyArray<Value>, options: ValueRecord, name: string): ValueRecord => {
  const named = name === "http_get" ? "GET" : name === "http_post" ? "POST" : undefined
  const [method, url, ...rest] = named === undefined ? args : [named, ...args]
  const found = Object.assign(emptyRecord(), { method: method ?? "GET", url: url ?? "" })
  const { body, headers } = split(rest, Text.goText(method ?? ""))
  return Object.assign(found, fromOptions(options), headersAndBody(merge(headers, options), body))
}

/** The input of `http_batch [method, urls, options, body]`. */
export const batchInput = (args: ReadonlyArray<Value>, options: ValueRecord): ValueRecord => {
  const [method, urls, ...rest] = args
  const given = rest.find(isRecord) ?? emptyRecord()
  const body = rest.find((value) => !isRecord(value) && value !== null)
  const all = Object.assign(emptyRecord(), given, options)
  return Object.assign(
    emptyRecord(),
    { method: method ?? "GET", requests: isArray(urls) ? urls : urls === undefined ? [] : [urls] },
    fromOptions(all),
    field(all, "concurrency") === undefined ? {} : { concurrency: all["concurrency"] },
    headersAndBody(
      isRecord(field(all, "headers")) ? all["headers"] as ValueRecord : emptyRecord(),
      body ?? field(all, "body")
    )
  )
}

/** What `result` of `http` receives: the keys of all generations. `duration` is in nanoseconds, as Go counts. */
export const result = (output: Value, input: { readonly method?: string; readonly headers?: ValueRecord }): Value => {
  if (!isRecord(output)) return output
  return {
    ...response(output),
    url: output["url"] ?? "",
    duration_ms: output["duration_ms"] ?? 0,
    request: { method: input.method ?? "GET", url: output["url"] ?? "", headers: input.headers ?? emptyRecord() },
    timing: { total_ms: output["duration_ms"] ?? 0 },
    error: output["error"] ?? ""
  }
}

/** A request that got no answer leaves a result too: its status is 0. */
export const withoutAnswer = ({ cause, hint, message, reason }: ActionError): ActionError =>
  new ActionError({
    reason,
    message,
    ...hint === undefined ? {} : { hint },
    ...cause === undefined ? {} : { cause },
    output: { status: 0, headers: {}, text: "", error: message }
  })

/** What `result` of `http_batch` receives: one entry per URL, in order. */
export const batchResult = (output: Value): Value =>
  isRecord(output) && isArray(output["results"])
    ? output["results"].map((one): Value =>
      isRecord(one)
        ? { url: one["url"] ?? "", response: one["status"] === null ? null : response(one), error: one["error"] ?? "" }
        : one
    )
    : output

const response = (output: ValueRecord): ValueRecord => ({
  status_code: output["status"] ?? 0,
  headers: isRecord(output["headers"]) ? canonical(output["headers"]) : emptyRecord(),
  body: output["text"] ??
    (output["body"] instanceof Uint8Array ? new TextDecoder("latin1").decode(output["body"]) : ""),
  duration: Math.round(Number(output["duration_ms"] ?? 0) * 1e6)
})

/** Header names as Go writes them, each with a list of values. */
const canonical = (headers: ValueRecord): ValueRecord => {
  const found = emptyRecord()
  for (const [name, value] of Object.entries(headers)) {
    const key = name.replace(/(^|-)([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase())
    found[key] = name === "set-cookie" ? CookieJar.split(String(value)) : [value]
  }
  return found
}

/** Finds the map of headers and the body among what follows the URL. */
const split = (
  rest: ReadonlyArray<Value>,
  method: string
): { readonly headers: ValueRecord; readonly body: Value | undefined } => {
  const values = rest.filter((value) => value !== null)
  const bodiless = /^(get|head|options)$/i.test(method)
  const maps = values.filter(isRecord)
  const headers = maps.find(looksLikeHeaders) ?? (bodiless || values.length > 1 ? maps[0] : undefined)
  return { headers: headers ?? emptyRecord(), body: values.find((value) => value !== headers) }
}

const headerName = /^([A-Za-z]+(-[A-Za-z]+)+|Accept|Authorization|Cookie|Host|Origin|Referer|cert)$/

/** Every name is that of a header or of a certificate's part; `key` alone is as likely a field of a body. */
const looksLikeHeaders = (value: ValueRecord): boolean =>
  Object.keys(value).some((name) => headerName.test(name)) &&
  Object.entries(value).every(([name, one]) =>
    typeof one === "string" && (headerName.test(name) || name === "key" || name === "ca")
  )

const fromOptions = (options: ValueRecord): ValueRecord => {
  const found = emptyRecord()
  for (
    const [from, to] of [["timeout", "timeout"], ["skip_tls_verify", "insecure"], ["cert", "cert"], ["key", "key"], [
      "ca",
      "ca"
    ]] as const
  ) {
    const value = field(options, from)
    if (value !== undefined && value !== "") found[to] = value
  }
  return found
}

/** Headers of `options` come before those of `args`; `cert`, `key` and `ca` may stand among the latter. */
const merge = (headers: ValueRecord, options: ValueRecord): ValueRecord =>
  Object.assign(emptyRecord(), headers, isRecord(field(options, "headers")) ? options["headers"] : {})

const certificates = new Set(["cert", "key", "ca"])

const headersAndBody = (given: ValueRecord, body: Value | undefined): ValueRecord => {
  const found = emptyRecord()
  const headers = emptyRecord()
  for (const [name, value] of Object.entries(given)) {
    if (certificates.has(name)) found[name] = value
    else headers[name] = isArray(value) ? value.map(Text.write).join(", ") : isRecord(value) ? Text.write(value) : value
  }
  if (Object.keys(headers).length > 0) found["headers"] = headers
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1]
  if (isRecord(body) && /^application\/x-www-form-urlencoded/i.test(Text.write(type ?? ""))) found["form"] = body
  else if (body !== undefined) found["body"] = body
  return found
}
