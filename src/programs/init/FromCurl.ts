/** Makes a scenario of `curl` commands, as browsers and documentation write them. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import * as CurlOptions from "./CurlOptions.ts"
import * as Draft from "./Draft.ts"
import { decodeForm } from "./Foreign.ts"
import * as JsonBody from "./JsonBody.ts"
import * as ShellWords from "./ShellWords.ts"

export interface Converted {
  readonly draft: Draft.ScenarioDraft
  readonly notes: ReadonlyArray<string>
}

/** One step per `curl` command in the text; other commands are passed over with a note. */
export const convert = (source: string, name: string): Converted => {
  const { commands, notes } = ShellWords.split(source)
  const steps: Array<Draft.StepDraft> = []
  const told = new Set(notes)
  for (const line of commands) {
    // Documentation shows the prompt of the shell, too.
    const words = Draft.plainOf(line[0]!) === "$" ? line.slice(1) : line
    const program = words[0] === undefined ? "" : Draft.plainOf(words[0])
    if (program !== undefined && /^(.*\/)?curl(\.exe)?$/.test(program)) {
      steps.push(build(CurlOptions.read(words.slice(1))))
    } else if (words.length > 0) told.add("a command that is not curl was passed over")
  }
  return { draft: { name, vars: [], secrets: [], steps }, notes: [...told] }
}

const build = (seen: CurlOptions.Seen): Draft.StepDraft => {
  const [url = Draft.text("http://localhost"), ...further] = seen.urls
  const comments = [...seen.comments]
  if (seen.urls.length === 0) comments.push("the command names no URL")
  if (further.length > 0) comments.push(`${further.length} more URLs of the same command were left out`)
  const asQuery = seen.get ? seen.data : []
  const body = seen.get ? undefined : bodyOf(seen)
  const method = seen.method ?? (seen.head ? "HEAD" : body === undefined ? "GET" : "POST")
  const full = withQuery(withScheme(url), [...seen.query, ...asQuery])
  const accept = seen.json && !seen.headers.some(([name]) => name.toLowerCase() === "accept")
  return {
    name: nameOf(method, full),
    comments,
    request: {
      method: method.toUpperCase(),
      url: full,
      query: [],
      headers: [
        ...seen.headers,
        ...(accept ? [["Accept", Draft.text("application/json")] as const] : []),
        ...contentType(seen, body)
      ],
      body,
      basic: seen.basic,
      bearer: seen.bearer,
      insecure: seen.insecure,
      timeout: seen.timeout,
      // curl stays at a redirect unless told otherwise.
      maxRedirects: seen.follow ? seen.maxRedirects : 0
    },
    expect: ["status < 400"],
    save: []
  }
}

const bodyOf = (seen: CurlOptions.Seen): Draft.BodyDraft | undefined => {
  if (seen.parts.length > 0) return { kind: "multipart", parts: seen.parts }
  if (seen.data.length === 0) return undefined
  const separator = seen.json ? "" : "&"
  const whole = Draft.text(...seen.data.flatMap((each, at) => (at === 0 ? each.parts : [separator, ...each.parts])))
  const plain = Draft.plainOf(whole)
  const type = typeOf(seen)
  if (seen.json || /^application\/([\w.-]+\+)?json\b/i.test(type ?? "")) {
    const parsed = Json.parse(plain ?? "")
    if (Result.isSuccess(parsed)) return { kind: "json", data: JsonBody.dataOf(parsed.success) }
  }
  const fields = type === undefined || /^application\/x-www-form-urlencoded/i.test(type) ? formFields(whole) : undefined
  return fields === undefined ? { kind: "text", text: whole } : { kind: "form", fields }
}

const typeOf = (seen: CurlOptions.Seen): string | undefined => {
  const found = seen.headers.find(([name]) => name.toLowerCase() === "content-type")
  return found === undefined ? undefined : Draft.plainOf(found[1]) ?? ""
}

/** curl calls data a form unless told otherwise, whatever it is; a body of text has no type of its own here. */
const contentType = (seen: CurlOptions.Seen, body: Draft.BodyDraft | undefined): ReadonlyArray<Draft.Pair> =>
  body?.kind !== "text" || typeOf(seen) !== undefined
    ? []
    : [["Content-Type", Draft.text(seen.json ? "application/json" : "application/x-www-form-urlencoded")]]

/** Reads `a=1&b=$X` when all of it is a form that can be written back the same. */
const formFields = (whole: Draft.Text): ReadonlyArray<Draft.Pair> | undefined => {
  const fields: Array<[name: string, value: Array<Draft.Part>]> = []
  let open = false
  for (const part of whole.parts) {
    if (typeof part !== "string") {
      if (!open) return undefined
      fields.at(-1)![1].push(part)
      continue
    }
    for (const [at, piece] of part.split("&").entries()) {
      if (at === 0 && open) {
        fields.at(-1)![1].push(decodeForm(piece))
        continue
      }
      const equals = piece.indexOf("=")
      if (equals < 1 || !/^[\w.~%+*[\]$:@-]+$/.test(piece.slice(0, equals))) return undefined
      fields.push([decodeForm(piece.slice(0, equals)), [decodeForm(piece.slice(equals + 1))]])
      open = true
    }
  }
  return fields.map(([name, value]) => [name, Draft.text(...value)])
}

const withScheme = (url: Draft.Text): Draft.Text => {
  const [first, ...rest] = url.parts
  return typeof first !== "string" || /^[a-z][a-z0-9+.-]*:\/\//i.test(first)
    ? url
    : Draft.text(`http://${first}`, ...rest)
}

const withQuery = (url: Draft.Text, query: ReadonlyArray<Draft.Text>): Draft.Text => {
  if (query.length === 0) return url
  const marked = url.parts.some((part) => typeof part === "string" && part.includes("?"))
  return Draft.text(...url.parts, ...query.flatMap((each, at) => [at === 0 && !marked ? "?" : "&", ...each.parts]))
}

/** `GET /orders`, without what may be secret: the query. */
const nameOf = (method: string, url: Draft.Text): string => {
  const plain = url.parts.map((part) => (typeof part === "string" ? part : "...")).join("")
  const path = plain.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "")
  return `${method.toUpperCase()} ${path === "" ? "/" : path}`
}
