/** Writes a draft as the YAML of a native scenario. */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml"
import * as Draft from "./Draft.ts"

/** Escapes characters that would be an expression, and puts expressions into `${}`. */
export const template = (value: Draft.Text): string => {
  let written = ""
  for (const part of value.parts) {
    if (typeof part !== "string") {
      // Dollars before `${` would make it plain characters: they become an expression of their own.
      const [dollars] = /\$*$/.exec(written)!
      if (dollars !== "") written = `${written.slice(0, -dollars.length)}\${'${dollars}'}`
      written += `\${${part.expression}}`
    } else written += part.split("${").join("$${")
  }
  return written
}

/** Returns the text of the file. `comments` stand at its top. */
export const scenario = (draft: Draft.ScenarioDraft, comments: ReadonlyArray<string>): string => {
  const { steps, vars } = withBase(draft)
  const root = new YAMLMap()
  add(root, "name", lineOf(draft.name) || "Scenario")
  if (draft.description !== undefined && draft.description.trim() !== "") {
    add(root, "description", draft.description.trim())
  }
  if (vars.length > 0) add(root, "vars", recordOf(vars.map(([name, value]) => [name, template(value)])))
  if (draft.secrets.length > 0) {
    add(root, "secrets", recordOf(draft.secrets.map(([name, env]) => [name, flow(recordOf([["env", env]]))])))
  }
  const list = new YAMLSeq()
  for (const step of steps) list.items.push(stepOf(step))
  add(root, "steps", list)
  const document = new Document(root)
  if (comments.length > 0) document.commentBefore = comments.map(comment).join("\n")
  return document.toString({ lineWidth: 0, aliasDuplicateObjects: false } as Parameters<Document["toString"]>[0])
}

const stepOf = (step: Draft.StepDraft): YAMLMap => {
  const map = new YAMLMap()
  if (step.id !== undefined) add(map, "id", step.id)
  // A step's name is a text with expressions, too.
  add(map, "name", template(Draft.text(lineOf(step.name) || "Request")))
  add(map, "http", requestOf(step.request))
  if (step.expect.length > 0) {
    const expectations = new YAMLSeq()
    for (const each of step.expect) {
      expectations.items.push(
        typeof each === "string"
          ? new Scalar(each)
          : flow(recordOf([["openapi", each.openapi], ["operation", each.operation]]))
      )
    }
    add(map, "expect", expectations)
  }
  if (step.save.length > 0) add(map, "save", recordOf(step.save))
  if (step.comments.length > 0) map.commentBefore = step.comments.map(comment).join("\n")
  return map
}

const requestOf = (request: Draft.RequestDraft): YAMLMap => {
  const map = new YAMLMap()
  add(map, "method", request.method)
  add(map, "url", template(request.url))
  if (request.query.length > 0) add(map, "query", grouped(request.query))
  const headers = headersOf(request)
  if (headers.length > 0) add(map, "headers", grouped(headers, ", "))
  if (request.basic !== undefined) {
    const { password, user } = request.basic
    add(map, "basic", recordOf([["user", template(user)], ["password", template(password)]]))
  }
  if (request.bearer !== undefined) add(map, "bearer", template(request.bearer))
  if (request.body !== undefined) addBody(map, request.body)
  if (request.insecure === true) add(map, "insecure", true)
  if (request.timeout !== undefined) add(map, "timeout", request.timeout)
  if (request.maxRedirects !== undefined) {
    add(map, "redirects", request.maxRedirects === 0 ? false : request.maxRedirects)
  }
  return map
}

const addBody = (map: YAMLMap, body: Draft.BodyDraft): void => {
  switch (body.kind) {
    case "json":
      return add(map, "json", dataOf(body.data))
    case "form":
      return add(map, "form", grouped(body.fields))
    case "multipart":
      return add(map, "multipart", multipartOf(body.parts))
    case "text":
      return add(map, "body", template(body.text))
  }
}

const multipartOf = (parts: ReadonlyArray<Draft.MultipartDraft>): YAMLMap => {
  const groups = new Map<string, Array<unknown>>()
  for (const part of parts) {
    const { name } = part
    const written = "value" in part ? template(part.value) : flow(recordOf([
      ["file", template(Draft.text(part.file))],
      ...(part.type === undefined ? [] : [["type", template(Draft.text(part.type))] as const])
    ]))
    groups.set(name, [...groups.get(name) ?? [], written])
  }
  return recordOf([...groups].map(([name, values]) => [name, values.length === 1 ? values[0] : listOf(values)]))
}

const listOf = (values: ReadonlyArray<unknown>): YAMLSeq => {
  const list = new YAMLSeq()
  for (const value of values) list.items.push(isNode(value) ? value : new Scalar(value))
  return list
}

/** Headers that the client sets by itself are left to it. */
const headersOf = (request: Draft.RequestDraft): ReadonlyArray<Draft.Pair> => {
  const usual = {
    json: "application/json",
    form: "application/x-www-form-urlencoded",
    multipart: "multipart/form-data",
    text: ""
  }
  return request.headers.filter(([name, value]) => {
    const lower = name.toLowerCase()
    if (
      /^(host|content-length|connection|transfer-encoding|accept-encoding|te|upgrade|keep-alive|expect)$/.test(lower)
    ) return false
    const plain = Draft.plainOf(value)?.trim().toLowerCase()
    if (lower === "accept" && plain === "*/*") return false
    if (lower !== "content-type" || request.body === undefined || plain === undefined) return true
    // A boundary belongs to the body that was, not to the one that will be made.
    if (request.body.kind === "multipart") return !plain.startsWith("multipart/form-data")
    return plain !== usual[request.body.kind] && plain !== `${usual[request.body.kind]}; charset=utf-8`
  })
}

/** Pairs as a record: the values of a repeated name become a list, or one text where `joined` says how. */
const grouped = (pairs: ReadonlyArray<Draft.Pair>, joined?: string): YAMLMap => {
  const groups = new Map<string, Array<string>>()
  for (const [name, value] of pairs) groups.set(name, [...groups.get(name) ?? [], template(value)])
  const map = new YAMLMap()
  for (const [name, values] of groups) {
    const separator = name.toLowerCase() === "cookie" ? "; " : joined
    add(map, name, values.length === 1 ? values[0] : separator === undefined ? listOf(values) : values.join(separator))
  }
  return map
}

const dataOf = (data: Draft.Data): YAMLMap | YAMLSeq | Scalar => {
  if (data instanceof Draft.Text) return new Scalar(template(data))
  if (Array.isArray(data)) {
    const list = new YAMLSeq()
    for (const item of data as ReadonlyArray<Draft.Data>) list.items.push(dataOf(item))
    return list
  }
  if (typeof data !== "object" || data === null) return new Scalar(data)
  const map = new YAMLMap()
  for (const [key, field] of Object.entries(data as { readonly [key: string]: Draft.Data })) {
    add(map, key, dataOf(field))
  }
  return map
}

const add = (map: YAMLMap, key: string, value: unknown): void => {
  map.items.push(new Pair(new Scalar(key), isNode(value) ? value : new Scalar(value)))
}

const isNode = (value: unknown): value is YAMLMap | YAMLSeq | Scalar =>
  value instanceof YAMLMap || value instanceof YAMLSeq || value instanceof Scalar

const recordOf = (fields: ReadonlyArray<readonly [name: string, value: unknown]>): YAMLMap => {
  const map = new YAMLMap()
  for (const [name, value] of fields) add(map, name, value)
  return map
}

const flow = (map: YAMLMap): YAMLMap => {
  map.flow = true
  return map
}

/** One line without characters that YAML forbids in comments or that speak to a terminal. */
const lineOf = (value: string): string =>
  value.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\s]+/gu, " ").trim().slice(0, 200)

const comment = (value: string): string => ` ${lineOf(value)}`

/** Gives the most frequent origin a name, so that one line moves the scenario to another server. */
const withBase = (draft: Draft.ScenarioDraft): Pick<Draft.ScenarioDraft, "steps" | "vars"> => {
  const counts = new Map<string, number>()
  for (const step of draft.steps) {
    const origin = originOf(step.request.url)
    if (origin !== undefined) counts.set(origin, (counts.get(origin) ?? 0) + 1)
  }
  const [base] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  if (base === undefined || draft.vars.some(([name]) => name === "base")) return draft
  const steps = draft.steps.map((step) => {
    const { url } = step.request
    if (originOf(url) !== base) return step
    const [first, ...rest] = url.parts
    const parts = [{ expression: "base" }, String(first).slice(base.length), ...rest]
    return { ...step, request: { ...step.request, url: Draft.text(...parts) } }
  })
  return { vars: [["base", Draft.text(base)], ...draft.vars], steps }
}

/** `https://shop.test:8080` of a URL that spells it out to its end. */
const originOf = (url: Draft.Text): string | undefined => {
  const [first] = url.parts
  if (typeof first !== "string") return undefined
  const origin = /^https?:\/\/[^/?#\s@]+/i.exec(first)?.[0]
  return origin === undefined || (origin === first && url.parts.length > 1) ? undefined : origin
}
