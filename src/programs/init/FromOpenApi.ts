/** Makes a scenario of an API document (OpenAPI 3, Swagger 2): one step per operation, with example values. */
import { Result } from "effect"
import { field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as DataFormat from "../../scenario/DataFormat.ts"
import * as Draft from "./Draft.ts"
import { decodePart, listOf, recordOf, textOf } from "./Foreign.ts"
import type { Converted } from "./FromCurl.ts"
import * as SampleBody from "./SampleBody.ts"

const methods = ["get", "post", "put", "patch", "delete", "head", "options"]
const maxSteps = 1_000

export interface Options {
  /** Path of the document as the scenario will name it; then every step is checked against it. @default no check */
  readonly contract?: string | undefined
}

/** Fails with a sentence when the text is no API document. */
export const convert = (source: string, name: string, options: Options = {}): Result.Result<Converted, string> => {
  const format = /^\s*\{/.test(source) ? "json" : "yaml"
  const parsed = DataFormat.parse(source, format, { path: name })
  if (Result.isFailure(parsed)) {
    return Result.fail(`the document is not ${format.toUpperCase()}: ${parsed.failure.message}`)
  }
  const root = parsed.success
  if (!isRecord(root) || (field(root, "openapi") === undefined && field(root, "swagger") === undefined)) {
    return Result.fail("this is no API document: it has neither `openapi` nor `swagger`")
  }
  return Result.succeed(new Reader(root, options).convert(name))
}

class Reader {
  private readonly root: ValueRecord
  private readonly options: Options
  private readonly notes = new Set<string>()
  private readonly ids = new Draft.Names()
  private readonly secrets = new Map<string, string>()
  private readonly swagger: boolean

  constructor(root: ValueRecord, options: Options) {
    this.root = root
    this.options = options
    this.swagger = field(root, "openapi") === undefined
  }

  convert(name: string): Converted {
    const info = recordOf(field(this.root, "info"))
    const all = Object.entries(recordOf(field(this.root, "paths"))).flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = field(this.follow(item), method)
        return isRecord(operation) ? [{ path, method, operation, shared: field(this.follow(item), "parameters") }] : []
      })
    )
    if (all.length > maxSteps) {
      this.notes.add(`${all.length - maxSteps} operations after the first ${maxSteps} were left out`)
    }
    const steps = all.slice(0, maxSteps).map((each) => this.step(each))
    const draft = {
      name: textOf(field(info, "title")) || name,
      description: undefined,
      vars: [["base", this.base()]] as const,
      secrets: [...this.secrets],
      steps
    }
    this.notes.add("the values are examples: put in those that your server knows")
    return { draft, notes: [...this.notes] }
  }

  private step({ method, operation, path, shared }: {
    readonly path: string
    readonly method: string
    readonly operation: ValueRecord
    readonly shared: Value | undefined
  }): Draft.StepDraft {
    const parameters = [...listOf(shared), ...listOf(field(operation, "parameters"))].map((each) => this.follow(each))
    const id = textOf(field(operation, "operationId"))
    const label = `${method.toUpperCase()} ${path}`
    const inPlace = (place: string) => parameters.filter((each) => field(each, "in") === place)
    const needed = (place: string): ReadonlyArray<Draft.Pair> =>
      inPlace(place).filter((each) => field(each, "required") === true).map((each) => [
        textOf(field(each, "name")),
        this.parameterValue(each)
      ])
    const login = this.login(operation)
    const cookies = needed("cookie").map(([name, value]) => Draft.text(`${name}=`, ...value.parts))
    const { openapi } = this.options.contract === undefined
      ? { openapi: undefined }
      : { openapi: this.options.contract }
    return {
      name: textOf(field(operation, "summary")) || label,
      id: id === "" ? undefined : this.ids.take(Draft.identifier(id, "operation")),
      comments: field(operation, "deprecated") === true ? ["deprecated"] : [],
      request: {
        method: method.toUpperCase(),
        url: this.url(path, inPlace("path")),
        query: [...needed("query"), ...login.query],
        headers: [...needed("header"), ...login.headers, ...cookies.map((cookie): Draft.Pair => ["Cookie", cookie])],
        body: this.body(operation, parameters),
        ...login.request
      },
      expect: [this.status(operation), ...(openapi === undefined ? [] : [{ openapi, operation: id || label }])],
      save: []
    }
  }

  private base(): Draft.Text {
    if (this.swagger) {
      const scheme = textOf(listOf(field(this.root, "schemes"))[0]) || "https"
      const host = textOf(field(this.root, "host"))
      if (host === "") this.notes.add("the document names no server: set vars.base")
      return Draft.text(`${scheme}://${host || "localhost"}${textOf(field(this.root, "basePath")).replace(/\/$/, "")}`)
    }
    const server = recordOf(listOf(field(this.root, "servers"))[0])
    const variables = recordOf(field(server, "variables"))
    const url = textOf(field(server, "url")).replaceAll(
      /\{([^{}]{1,100})\}/g,
      (whole, name: string) => textOf(field(recordOf(field(variables, name)), "default")) || whole
    )
    if (!/^https?:\/\//.test(url)) this.notes.add("the document names no absolute server: set vars.base")
    return Draft.text(
      (/^https?:\/\//.test(url) ? url : `http://localhost${url.startsWith("/") ? url : ""}`).replace(/\/$/, "")
    )
  }

  private url(path: string, parameters: ReadonlyArray<ValueRecord>): Draft.Text {
    const parts: Array<Draft.Part> = [{ expression: "base" }]
    let at = 0
    for (const found of path.matchAll(/\{([^{}]{1,100})\}/g)) {
      const parameter = parameters.find((each) => field(each, "name") === found[1])
      const value = Draft.plainOf(this.parameterValue(parameter ?? {})) ?? ""
      parts.push(path.slice(at, found.index), encodeURIComponent((value || found[1]!).toWellFormed()))
      at = found.index + found[0].length
    }
    return Draft.text(...parts, path.slice(at))
  }

  private parameterValue(parameter: ValueRecord): Draft.Text {
    const schema = field(parameter, "schema") ?? (this.swagger ? parameter : {})
    const example = field(parameter, "example") ?? this.firstExample(parameter)
    const value = example ?? SampleBody.of(schema, this.follow)
    if (value instanceof Draft.Text) return value
    return Draft.text(value === null ? "text" : Array.isArray(value) ? plain(value[0] ?? "text") : plain(value))
  }

  private firstExample(holder: ValueRecord): Value | undefined {
    const [example] = Object.values(recordOf(field(holder, "examples")))
    return field(this.follow(example), "value")
  }

  private body(operation: ValueRecord, parameters: ReadonlyArray<ValueRecord>): Draft.BodyDraft | undefined {
    if (this.swagger) return this.swaggerBody(parameters)
    const content = recordOf(field(this.follow(field(operation, "requestBody")), "content"))
    const types = Object.keys(content)
    const type = types.find((each) => /json/i.test(each)) ?? types[0]
    if (type === undefined) return undefined
    const media = recordOf(content[type])
    const example = field(media, "example") ?? this.firstExample(media)
    const data = example === undefined
      ? SampleBody.of(field(media, "schema"), this.follow)
      : SampleBody.of({ example }, this.follow)
    return bodyFor(type, data)
  }

  private swaggerBody(parameters: ReadonlyArray<ValueRecord>): Draft.BodyDraft | undefined {
    const body = parameters.find((each) => field(each, "in") === "body")
    if (body !== undefined) return { kind: "json", data: SampleBody.of(field(body, "schema"), this.follow) }
    const fields = parameters.filter((each) => field(each, "in") === "formData")
    if (fields.length === 0) return undefined
    return { kind: "form", fields: fields.map((each) => [textOf(field(each, "name")), this.parameterValue(each)]) }
  }

  /** The lowest described success, or anything that is no failure. */
  private status(operation: ValueRecord): string {
    const codes = Object.keys(recordOf(field(operation, "responses"))).filter((code) => /^[23]\d\d$/.test(code)).sort()
    return codes[0] === undefined ? "status < 400" : `status == ${codes[0]}`
  }

  /** The first way to log in that the operation, else the document, names. */
  private login(operation: ValueRecord) {
    const nothing = {
      query: [] as ReadonlyArray<Draft.Pair>,
      headers: [] as ReadonlyArray<Draft.Pair>,
      request: {} as Partial<Draft.RequestDraft>
    }
    const wanted = recordOf(listOf(field(operation, "security") ?? field(this.root, "security"))[0])
    const schemes = recordOf(
      field(this.root, "securityDefinitions") ?? field(recordOf(field(this.root, "components")), "securitySchemes")
    )
    const [name] = Object.keys(wanted)
    if (name === undefined) return nothing
    const scheme = this.follow(field(schemes, name))
    const type = textOf(field(scheme, "type"))
    if (type === "basic" || (type === "http" && /^basic$/i.test(textOf(field(scheme, "scheme"))))) {
      return { ...nothing, request: { basic: { user: this.secret("user"), password: this.secret("password") } } }
    }
    if (type !== "apiKey") return { ...nothing, request: { bearer: this.secret("token") } }
    const key = textOf(field(scheme, "name"))
    const value = this.secret("api_key")
    if (field(scheme, "in") === "query") return { ...nothing, query: [[key, value]] as const }
    return {
      ...nothing,
      headers: field(scheme, "in") === "cookie"
        ? [["Cookie", Draft.text(`${key}=`, ...value.parts)]] as const
        : [[key, value]] as const
    }
  }

  private secret(name: string): Draft.Text {
    const environment = (name.startsWith("api_") ? name : `api_${name}`).toUpperCase()
    this.secrets.set(name, environment)
    this.notes.add(`set the environment variable ${environment} (secrets.${name})`)
    return Draft.expression(`secrets.${name}`)
  }

  /** Resolves references inside the document; those that lead out of it are told and give nothing. */
  private readonly follow = (value: Value | undefined): ValueRecord => {
    let current = value
    for (let hops = 0; hops < 50; hops++) {
      const target = field(recordOf(current), "$ref")
      if (typeof target !== "string") return recordOf(current)
      if (!target.startsWith("#/")) {
        this.notes.add("references to other documents were left out; bundle them first")
        return {}
      }
      current = this.root
      for (const part of target.slice(2).split("/")) {
        const key = decodePart(part).replaceAll("~1", "/").replaceAll("~0", "~")
        current = isArray(current) ? current[Number(key)] : field(recordOf(current), key)
      }
    }
    return {}
  }
}

const bodyFor = (type: string, data: Draft.Data): Draft.BodyDraft => {
  const fields = typeof data === "object" && data !== null && !Array.isArray(data) && !(data instanceof Draft.Text)
    ? Object.entries(data as { readonly [key: string]: Draft.Data })
    : []
  const asText = (value: Draft.Data): Draft.Text => (value instanceof Draft.Text ? value : Draft.text(plain(value)))
  if (/json/i.test(type)) return { kind: "json", data }
  if (/^application\/x-www-form-urlencoded/i.test(type)) {
    return { kind: "form", fields: fields.map(([name, value]) => [name, asText(value)]) }
  }
  if (/^multipart\//i.test(type)) {
    return { kind: "multipart", parts: fields.map(([name, value]) => ({ name, value: asText(value) })) }
  }
  return { kind: "text", text: asText(data) }
}

const plain = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "object" && value !== null ? "text" : String(value)
