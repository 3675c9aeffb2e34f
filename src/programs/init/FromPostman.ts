/** Makes a scenario of a Postman collection (format 2.0 or 2.1): its requests in order, folders in their names. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Draft from "./Draft.ts"
import { listOf, recordOf, textOf } from "./Foreign.ts"
import type { Converted } from "./FromCurl.ts"
import * as JsonBody from "./JsonBody.ts"
import { Placeholders } from "./Placeholders.ts"
import * as PostmanScript from "./PostmanScript.ts"

/** Folders within folders that are still read. */
const maxDepth = 50

/** Fails with a sentence when the text is no collection. */
export const convert = (source: string): Result.Result<Converted, string> => {
  const parsed = Json.parse(source)
  if (Result.isFailure(parsed)) return Result.fail(`the collection is not JSON: ${parsed.failure.message}`)
  const root = recordOf(parsed.success)
  const collection = recordOf(field(root, "collection") ?? root)
  const items = field(collection, "item")
  if (!isArray(items)) return Result.fail("this is no Postman collection of format 2: it has no list \"item\"")

  const placeholders = new Placeholders()
  const secrets: Array<readonly [name: string, environment: string]> = []
  for (const variable of listOf(field(collection, "variable")).map(recordOf)) {
    const key = textOf(field(variable, "key")) || textOf(field(variable, "id"))
    if (key === "") continue
    if (field(variable, "type") !== "secret") {
      placeholders.declare(key, Draft.placeholders(textOf(field(variable, "value")), placeholders.resolve))
      continue
    }
    const name = Draft.identifier(key, "secret")
    if (secrets.every(([known]) => known !== name)) secrets.push([name, name.toUpperCase()])
    placeholders.declare(key, Draft.expression(`secrets.${name}`))
  }
  const context = { placeholders, notes: new Set<string>(), ids: new Draft.Names() }
  noteScripts(collection, context)
  const steps = walk(items, { path: [], auth: field(collection, "auth"), depth: 0 }, context)
  const info = recordOf(field(collection, "info"))
  const draft = {
    name: textOf(field(info, "name")),
    description: descriptionOf(field(info, "description")),
    vars: placeholders.variables(),
    secrets,
    steps
  }
  return Result.succeed({ draft, notes: [...context.notes, ...placeholders.notes] })
}

interface Context {
  readonly placeholders: Placeholders
  readonly notes: Set<string>
  readonly ids: Draft.Names
}

interface Place {
  readonly path: ReadonlyArray<string>
  readonly auth: Value | undefined
  readonly depth: number
}

const walk = (items: ReadonlyArray<Value>, place: Place, context: Context): ReadonlyArray<Draft.StepDraft> =>
  items.flatMap((value) => {
    const item = recordOf(value)
    const path = [...place.path, textOf(field(item, "name")) || "request"]
    const auth = field(item, "auth") ?? place.auth
    const inner = field(item, "item")
    if (isArray(inner)) {
      if (place.depth >= maxDepth) {
        context.notes.add(`folders deeper than ${maxDepth} levels were left out`)
        return []
      }
      noteScripts(item, context)
      return walk(inner, { path, auth, depth: place.depth + 1 }, context)
    }
    return field(item, "request") === undefined ? [] : [readItem(item, path, auth, context)]
  })

const noteScripts = (holder: ValueRecord, context: Context): void => {
  if (listOf(field(holder, "event")).some((event) => scriptOf(event).trim() !== "")) {
    context.notes.add("scripts of the collection or of folders were left out")
  }
}

const readItem = (
  item: ValueRecord,
  path: ReadonlyArray<string>,
  inherited: Value | undefined,
  context: Context
): Draft.StepDraft => {
  const given = field(item, "request")
  const request = isRecord(given) ? given : { url: given ?? "" }
  const read = (text: string) => Draft.placeholders(text, context.placeholders.resolve)
  const own = field(request, "auth")
  const comments: Array<string> = []
  const tests = PostmanScript.read(eventScript(item, "test"), (name) => context.placeholders.save(name))
  if (eventScript(item, "prerequest").trim() !== "") comments.push("a script before the request was left out")
  if (tests.left > 0) comments.push(`${tests.left} lines of its test script were left out`)
  const pairs = listOf(field(request, "header")).flatMap((header): ReadonlyArray<Draft.Pair> => {
    const record = recordOf(header)
    return field(record, "disabled") === true
      ? []
      : [[textOf(field(record, "key")), read(textOf(field(record, "value")))]]
  })
  return {
    name: path.join(" / "),
    comments,
    request: {
      method: textOf(field(request, "method")).toUpperCase() || "GET",
      url: read(urlOf(field(request, "url"))),
      query: [],
      headers: pairs.filter(([name]) => name !== ""),
      body: bodyOf(recordOf(field(request, "body")), read, context, comments),
      ...authOf(recordOf(own === undefined || own === null ? inherited : own), read, comments)
    },
    expect: tests.expect.length > 0 ? tests.expect : ["status < 400"],
    save: tests.save
  }
}

/** The `raw` URL has it all; path variables `:id` get their values. */
const urlOf = (url: Value | undefined): string => {
  if (typeof url === "string") return url
  const record = recordOf(url)
  const part = (key: string, separator: string) => {
    const value = field(record, key)
    return isArray(value)
      ? value.map((each) => (isRecord(each) ? textOf(field(each, "value")) : textOf(each))).join(separator)
      : textOf(value)
  }
  const protocol = textOf(field(record, "protocol"))
  const raw = textOf(field(record, "raw")) ||
    `${protocol === "" ? "" : `${protocol}://`}${part("host", ".")}/${part("path", "/")}`
  const variables = new Map(
    listOf(field(record, "variable")).map((variable) => {
      const { key, value } = { key: field(recordOf(variable), "key"), value: field(recordOf(variable), "value") }
      return [textOf(key), textOf(value)] as const
    })
  )
  return raw.replaceAll(/\/:([A-Za-z_][\w-]*)/g, (whole, name: string) => {
    const value = variables.get(name)
    return value === undefined ? `/{{${name}}}` : value === "" ? whole : `/${value}`
  })
}

type Read = (text: string) => Draft.Text

const bodyOf = (
  body: ValueRecord,
  read: Read,
  context: Context,
  comments: Array<string>
): Draft.BodyDraft | undefined => {
  if (field(body, "disabled") === true) return undefined
  const pairs = (key: string) =>
    listOf(field(body, key)).map(recordOf).filter((each) => field(each, "disabled") !== true)
  switch (field(body, "mode")) {
    case "raw": {
      const raw = textOf(field(body, "raw"))
      if (raw.trim() === "") return undefined
      const language = textOf(field(recordOf(field(recordOf(field(body, "options")), "raw")), "language"))
      const data = language === "json" || /^\s*[[{]/.test(raw)
        ? JsonBody.parse(raw, context.placeholders.resolve)
        : undefined
      return data === undefined ? { kind: "text", text: read(raw) } : { kind: "json", data }
    }
    case "urlencoded":
      return {
        kind: "form",
        fields: pairs("urlencoded").map((pair) => [keyOf(pair), read(textOf(field(pair, "value")))])
      }
    case "formdata":
      return {
        kind: "multipart",
        parts: pairs("formdata").map((pair) =>
          field(pair, "type") === "file"
            ? { name: keyOf(pair), file: textOf(listOf(field(pair, "src"))[0] ?? field(pair, "src")) }
            : { name: keyOf(pair), value: read(textOf(field(pair, "value"))) }
        )
      }
    case "graphql": {
      const graphql = recordOf(field(body, "graphql"))
      const variables = JsonBody.parse(textOf(field(graphql, "variables")) || "{}", context.placeholders.resolve)
      return { kind: "json", data: { query: read(textOf(field(graphql, "query"))), variables: variables ?? null } }
    }
    case "file":
      comments.push("the body is a file: put its content under body:")
      return undefined
    default:
      return undefined
  }
}

/** Settings are a list of key and value in 2.1, a record in 2.0. */
const authOf = (auth: ValueRecord, read: Read, comments: Array<string>): Partial<Draft.RequestDraft> => {
  const type = textOf(field(auth, "type"))
  const settings = field(auth, type)
  const setting = (key: string) =>
    textOf(
      isArray(settings)
        ? field(recordOf(settings.find((each) => field(recordOf(each), "key") === key)), "value")
        : field(recordOf(settings), key)
    )
  switch (type) {
    case "":
    case "noauth":
      return {}
    case "bearer":
      return { bearer: read(setting("token")) }
    case "oauth2":
      return { bearer: read(setting("accessToken")) }
    case "basic":
      return { basic: { user: read(setting("username")), password: read(setting("password")) } }
    default:
      comments.push(`the login by ${/^[a-z0-9]{1,20}$/i.test(type) ? type : "another scheme"} was left out`)
      return {}
  }
}

const eventScript = (item: ValueRecord, listen: string): string =>
  listOf(field(item, "event")).filter((event) => field(recordOf(event), "listen") === listen).map(scriptOf).join("\n")

const scriptOf = (event: Value): string => {
  const exec = field(recordOf(field(recordOf(event), "script")), "exec")
  return isArray(exec) ? exec.map(textOf).join("\n") : textOf(exec)
}

const descriptionOf = (value: Value | undefined): string | undefined =>
  textOf(isRecord(value) ? field(value, "content") : value) || undefined

const keyOf = (pair: ValueRecord): string => textOf(field(pair, "key"))
