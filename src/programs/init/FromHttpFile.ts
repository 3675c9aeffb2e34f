/**
 * Makes a scenario of an `.http` or `.rest` file, as VS Code's REST Client and JetBrains' HTTP client read them: requests
 * apart by `###`, `@name = value`, `# @name login`, `{{name}}`, a body after a blank line.
 */
import * as Draft from "./Draft.ts"
import { decodeForm } from "./Foreign.ts"
import type { Converted } from "./FromCurl.ts"
import * as JsonBody from "./JsonBody.ts"
import { Placeholders } from "./Placeholders.ts"

const requestLine = /^(?:([A-Z][A-Z-]*)[ \t]+)?(\S.*?)(?:[ \t]+HTTP\/[\d.]+)?[ \t]*$/
const methods =
  /^(GET|HEAD|POST|PUT|DELETE|CONNECT|PATCH|OPTIONS|TRACE|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|GRAPHQL)$/

/** One step per request, in the order of the file. */
export const convert = (source: string, name: string): Converted => {
  const placeholders = new Placeholders()
  const steps: Array<Draft.StepDraft> = []
  const ids = new Draft.Names()
  for (const block of blocks(source)) {
    const step = readBlock(block, placeholders, ids)
    if (step !== undefined) steps.push(step)
  }
  const draft = { name, vars: placeholders.variables(), secrets: [], steps }
  return { draft, notes: [...placeholders.notes] }
}

interface Block {
  readonly title: string
  readonly lines: ReadonlyArray<string>
}

const blocks = (source: string): ReadonlyArray<Block> => {
  const found: Array<{ title: string; lines: Array<string> }> = [{ title: "", lines: [] }]
  for (const line of source.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)) {
    if (line.startsWith("###")) found.push({ title: line.replace(/^#+/, "").trim(), lines: [] })
    else found.at(-1)!.lines.push(line)
  }
  return found
}

const readBlock = (block: Block, placeholders: Placeholders, ids: Draft.Names): Draft.StepDraft | undefined => {
  const read = (text: string) => Draft.placeholders(text, placeholders.resolve)
  const comments: Array<string> = []
  const { lines } = block
  let { title } = block
  let id: string | undefined
  let at = 0
  for (; at < lines.length; at++) {
    const line = lines[at]!.trim()
    const named = /^(?:#|\/\/)\s*@name\s*=?\s*([\w-]+)/.exec(line)
    const variable = /^@([\w.-]+)\s*=\s*(.*)$/.exec(line)
    if (named !== null) {
      id = ids.take(Draft.identifier(named[1]!, "request"))
      title ||= named[1]!
    } else if (variable !== null) placeholders.declare(variable[1]!, read(variable[2]!.trim()))
    else if (/^(?:#|\/\/)\s*@/.test(line)) {
      comments.push(`not taken over: ${line.replace(/^(?:#|\/\/)\s*/, "").split(/\s/)[0]!}`)
    } else if (line.startsWith("<")) at = skipScript(lines, at, comments)
    else if (line !== "" && !/^(#|\/\/)/.test(line)) break
  }
  if (at >= lines.length) return undefined

  const head = readHead(lines, at)
  const { body, bodyComments } = readBody(lines.slice(head.end), head.headers, placeholders)
  return {
    name: title || `${head.method} ${head.url.replace(/^\w+:\/\/[^/?#]*/, "").replace(/[?#].*$/s, "") || "/"}`,
    id,
    comments: [...comments, ...head.comments, ...bodyComments],
    request: {
      method: head.method,
      url: read(head.url),
      query: [],
      headers: head.headers.map(([name, value]) => [name, login(name, read(value))]),
      body
    },
    expect: ["status < 400"],
    save: []
  }
}

/** Reads request line, the parts of a query on lines of their own, and headers. */
const readHead = (lines: ReadonlyArray<string>, start: number) => {
  const found = requestLine.exec(lines[start]!.trim())
  const known = found?.[1] !== undefined && methods.test(found[1])
  const method = known ? found[1]! : "GET"
  let url = known ? found![2]! : lines[start]!.trim().replace(/[ \t]+HTTP\/[\d.]+$/, "")
  const headers: Array<readonly [name: string, value: string]> = []
  const comments: Array<string> = []
  let at = start + 1
  for (; at < lines.length && /^[ \t]*[?&]/.test(lines[at]!); at++) url += lines[at]!.trim()
  for (; at < lines.length && lines[at]!.trim() !== ""; at++) {
    const line = lines[at]!.trim()
    if (/^(#|\/\/)/.test(line)) continue
    const colon = line.indexOf(":")
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()])
    else comments.push("a line among the headers is none")
  }
  return { method, url, headers, comments, end: at + 1 }
}

const readBody = (
  lines: ReadonlyArray<string>,
  headers: ReadonlyArray<readonly [name: string, value: string]>,
  placeholders: Placeholders
): { readonly body: Draft.BodyDraft | undefined; readonly bodyComments: ReadonlyArray<string> } => {
  const bodyComments: Array<string> = []
  const kept: Array<string> = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const file = /^<@?\s+(\S.*)$/.exec(line)
    if (/^>\s*(\{%|\S+\.js)/.test(line) || /^<>\s/.test(line) || /^>>!?\s/.test(line)) {
      at = skipScript(lines, at, bodyComments)
    } else if (file !== null) {
      bodyComments.push(`the body is in the file ${file[1]!.trim()}: put its content under body:`)
    } else kept.push(line)
  }
  const text = kept.join("\n").trimEnd()
  if (text === "") return { body: undefined, bodyComments }
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? ""
  return { body: bodyOf(text, type, placeholders), bodyComments }
}

const bodyOf = (text: string, type: string, placeholders: Placeholders): Draft.BodyDraft => {
  if (/json/i.test(type)) {
    const data = JsonBody.parse(text, placeholders.resolve)
    if (data !== undefined) return { kind: "json", data }
  }
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    const pairs = text.replaceAll(/\n\s*/g, "").split("&").map((pair): Draft.Pair => {
      const [name = "", ...value] = pair.split("=")
      return [decodeForm(name), Draft.placeholders(decodeForm(value.join("=")), placeholders.resolve)]
    })
    return { kind: "form", fields: pairs }
  }
  return { kind: "text", text: Draft.placeholders(text, placeholders.resolve) }
}

/** `Authorization: Basic user password` and `Basic user:password` are plain in these files. */
const login = (name: string, value: Draft.Text): Draft.Text => {
  const plain = Draft.plainOf(value)
  const found = name.toLowerCase() === "authorization" ? /^Basic\s+([^\s:]+)(?:\s+|:)(\S+)$/i.exec(plain ?? "") : null
  return found === null ? value : Draft.text(`Basic ${btoa(encodeUtf8(`${found[1]!}:${found[2]!}`))}`)
}

const encodeUtf8 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))

/** Passes over `> {% ... %}`, also over several lines; answers with the last line of it. */
const skipScript = (lines: ReadonlyArray<string>, start: number, comments: Array<string>): number => {
  comments.push("a script was left out; say what it checks under expect:, and what it keeps under save:")
  if (!lines[start]!.includes("{%") || lines[start]!.includes("%}")) return start
  const end = lines.findIndex((line, at) => at > start && line.includes("%}"))
  return end === -1 ? lines.length : end
}
