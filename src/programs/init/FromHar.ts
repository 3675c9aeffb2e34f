/** Makes a scenario of an HTTP archive (HAR 1.2), as browsers' network panels save it: one step per request of an API or page. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { field, isArray, type ValueRecord } from "../../core/Value.ts"
import * as Draft from "./Draft.ts"
import { listOf, recordOf, textOf } from "./Foreign.ts"
import type { Converted } from "./FromCurl.ts"
import * as JsonBody from "./JsonBody.ts"

/** The most requests that become steps; the rest is counted. */
const maxSteps = 500

/** Fails with a sentence when the text is no archive. */
export const convert = (source: string, name: string): Result.Result<Converted, string> => {
  const parsed = Json.parse(source.replace(/^\ufeff/, ""))
  if (Result.isFailure(parsed)) return Result.fail(`the archive is not JSON: ${parsed.failure.message}`)
  const entries = field(recordOf(field(recordOf(parsed.success), "log")), "entries")
  if (!isArray(entries)) return Result.fail("this is no HTTP archive: it has no list log.entries")

  const requests = entries.map(recordOf).filter((entry) => /^https?:/i.test(urlOf(entry)))
  const wanted = requests.filter((entry) => !isAsset(entry))
  const notes: Array<string> = []
  const assets = requests.length - wanted.length
  if (assets > 0) notes.push(`${assets} requests for images, styles, scripts and fonts were left out`)
  if (wanted.length > maxSteps) {
    notes.push(`${wanted.length - maxSteps} requests after the first ${maxSteps} were left out`)
  }
  return Result.succeed({ draft: { name, vars: [], secrets: [], steps: wanted.slice(0, maxSteps).map(stepOf) }, notes })
}

const requestOf = (entry: ValueRecord): ValueRecord => recordOf(field(entry, "request"))

const urlOf = (entry: ValueRecord): string => textOf(field(requestOf(entry), "url"))

const isAsset = (entry: ValueRecord): boolean => {
  const kind = textOf(field(entry, "_resourceType"))
  if (kind !== "") return /^(image|stylesheet|script|font|media|manifest|ping|preflight|websocket|other)$/.test(kind)
  const content = recordOf(field(recordOf(field(entry, "response")), "content"))
  return /^(image|font|audio|video)\/|^text\/css|javascript/.test(textOf(field(content, "mimeType")))
}

const stepOf = (entry: ValueRecord): Draft.StepDraft => {
  const request = requestOf(entry)
  const method = textOf(field(request, "method")).toUpperCase() || "GET"
  const url = urlOf(entry).replace(/#.*$/s, "")
  const status = field(recordOf(field(entry, "response")), "status")
  const comments: Array<string> = []
  return {
    name: `${method} ${/^\w+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] || "/"}`,
    comments,
    request: {
      method,
      url: Draft.text(url),
      query: [],
      headers: headersOf(request),
      body: bodyOf(recordOf(field(request, "postData")), comments),
      // The archive has an entry of its own for where a redirect led.
      ...(typeof status === "number" && status >= 300 && status < 400 ? { maxRedirects: 0 } : {})
    },
    // A status of 0 or 304 tells of the browser's cache, not of the server.
    expect: typeof status === "number" && status >= 100 && status !== 304 ? [`status == ${status}`] : ["status < 400"],
    save: []
  }
}

/** What a browser adds by itself says nothing about the API. */
const noise =
  /^(:.*|accept-language|cache-control|pragma|dnt|priority|user-agent|referer|origin|upgrade-insecure-requests|sec-.*|if-none-match|if-modified-since)$/i

const headersOf = (request: ValueRecord): ReadonlyArray<Draft.Pair> =>
  listOf(field(request, "headers")).flatMap((header): ReadonlyArray<Draft.Pair> => {
    const name = textOf(field(recordOf(header), "name"))
    return name === "" || noise.test(name) ? [] : [[name, Draft.text(textOf(field(recordOf(header), "value")))]]
  })

const bodyOf = (data: ValueRecord, comments: Array<string>): Draft.BodyDraft | undefined => {
  const type = textOf(field(data, "mimeType"))
  const text = textOf(field(data, "text"))
  const params = listOf(field(data, "params")).map(recordOf)
  if (/^multipart\/form-data/i.test(type)) {
    if (params.length === 0) {
      comments.push("the archive does not hold the parts of the body: write them under multipart:")
    }
    const parts = params.map((param) => {
      const file = textOf(field(param, "fileName"))
      return file === ""
        ? { name: textOf(field(param, "name")), value: Draft.text(textOf(field(param, "value"))) }
        : { name: textOf(field(param, "name")), file }
    })
    return parts.length === 0 ? undefined : { kind: "multipart", parts }
  }
  if (/json/i.test(type)) {
    const parsed = Json.parse(text)
    if (Result.isSuccess(parsed)) return { kind: "json", data: JsonBody.dataOf(parsed.success) }
  }
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    const pairs = text === ""
      ? params.map((param): Draft.Pair => [textOf(field(param, "name")), Draft.text(textOf(field(param, "value")))])
      : formOf(text)
    return { kind: "form", fields: pairs }
  }
  return text === "" ? undefined : { kind: "text", text: Draft.text(text) }
}

const formOf = (text: string): ReadonlyArray<Draft.Pair> =>
  [...new URLSearchParams(text)].map(([name, value]) => [name, Draft.text(value)])
