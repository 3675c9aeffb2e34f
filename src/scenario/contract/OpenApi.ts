/**
 * What an OpenAPI document (3.0, 3.1, Swagger 2.0) says of one operation's answers, as JSON Schema. Pure; the document has
 * been read and has no references to the outside.
 */
import { Result } from "effect"
import * as DidYouMean from "../../core/DidYouMean.ts"
import * as OpenApiSchema from "./OpenApiSchema.ts"
import { field, isRecord, type Plain } from "./Plain.ts"

export interface Operation {
  /** `GET /orders/{id}` */
  readonly label: string
  /** In the order of the document. */
  readonly responses: ReadonlyArray<Response>
}

export interface Response {
  /** `200`, `4XX` or `default`. */
  readonly status: string
  /** The described media types; empty when the answer has no body. */
  readonly content: ReadonlyArray<{ readonly mediaType: string; readonly schema: Plain | undefined }>
  readonly headers: ReadonlyArray<
    { readonly name: string; readonly required: boolean; readonly schema: Plain | undefined }
  >
}

export interface OpenApiProblem {
  readonly message: string
  readonly hint?: string | undefined
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

/** Returns the references that lead out of the document, each once, in the order of the document. */
export const externalReferences = (document: Plain): ReadonlyArray<string> => {
  const found = new Set<string>()
  const walk = (value: Plain): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (!isRecord(value)) return
    const target = field(value, "$ref")
    if (typeof target === "string" && !target.startsWith("#")) found.add(target)
    for (const item of Object.values(value)) walk(item)
  }
  walk(document)
  return [...found]
}

/** Finds an operation by its `operationId`, or by method and path as in `GET /orders/{id}`. */
export const find = (document: Plain, name: string): Result.Result<Operation, OpenApiProblem> => {
  const all = operations(document)
  const wanted = name.trim()
  const found = all.find(({ id }) => id === wanted) ??
    all.find(({ label }) => label.toLowerCase() === wanted.replace(/\s+/, " ").toLowerCase())
  if (found !== undefined) return Result.succeed(describe(document, found.label, found.operation))
  const names = all.flatMap(({ id, label }) => (id === undefined ? [label] : [id, label]))
  const listed = all.slice(0, 10).map(({ id, label }) => id ?? label)
  return Result.fail({
    message: `it has no operation ${JSON.stringify(name)}`,
    hint: DidYouMean.hint(wanted, names) ??
      (listed.length === 0
        ? "it has no operations at all"
        : `it has ${listed.join(", ")}${all.length > 10 ? ", ..." : ""}`)
  })
}

interface Found {
  readonly id: string | undefined
  readonly label: string
  readonly operation: Plain
}

const operations = (document: Plain): ReadonlyArray<Found> =>
  Object.entries(record(field(document, "paths"))).flatMap(([path, item]) => {
    const resolved = OpenApiSchema.follow(document, item)
    return methods.flatMap((method) => {
      const operation = field(resolved, method)
      if (!isRecord(operation)) return []
      const id = field(operation, "operationId")
      return [{ id: typeof id === "string" ? id : undefined, label: `${method.toUpperCase()} ${path}`, operation }]
    })
  })

const describe = (document: Plain, label: string, operation: Plain): Operation => ({
  label,
  responses: Object.entries(record(field(operation, "responses"))).flatMap(([status, response]) =>
    status.startsWith("x-")
      ? []
      : [describeResponse(document, status, OpenApiSchema.follow(document, response), operation)]
  )
})

const describeResponse = (document: Plain, status: string, response: Plain, operation: Plain): Response => {
  const swagger = field(document, "swagger") !== undefined
  const produces = field(operation, "produces") ?? field(document, "produces")
  const schema = field(response, "schema")
  const content = swagger
    ? schema === undefined || field(schema, "type") === "file"
      ? []
      : (Array.isArray(produces) && produces.length > 0 ? produces.map(String) : ["application/json"])
        .map((mediaType) => ({ mediaType, schema: convert(document, schema) }))
    : Object.entries(record(field(response, "content"))).map(([mediaType, media]) => ({
      mediaType,
      schema: convert(document, field(media, "schema"))
    }))
  const headers = Object.entries(record(field(response, "headers"))).map(([name, described]) => {
    const header = OpenApiSchema.follow(document, described)
    return {
      name: name.toLowerCase(),
      required: field(header, "required") === true,
      // In Swagger 2 the header is its own schema.
      schema: convert(document, swagger ? header : field(header, "schema"))
    }
  })
  return { status: status.toUpperCase() === "DEFAULT" ? "default" : status.toUpperCase(), content, headers }
}

const convert = (document: Plain, schema: Plain | undefined): Plain | undefined =>
  schema === undefined ? undefined : OpenApiSchema.toJsonSchema(document, schema, "response")

/** Picks the description of a status: the exact one, its class, or the default. */
export const responseFor = (operation: Operation, status: number): Response | undefined => {
  const by = (key: string) => operation.responses.find((response) => response.status === key)
  return by(String(status)) ?? by(`${Math.floor(status / 100)}XX`) ?? by("default")
}

/** Picks the description of a content type: the exact one before `application/*` before anything; parameters are free. */
export const contentFor = (response: Response, contentType: string): Response["content"][number] | undefined => {
  const type = essence(contentType)
  const ranges = [type, `${type.split("/")[0]}/*`, "*/*"]
  return ranges.flatMap((range) => response.content.find(({ mediaType }) => essence(mediaType) === range) ?? [])[0]
}

export const isJson = (contentType: string): boolean =>
  /^application\/json$|^[^/]+\/[^/]*\+json$|^text\/json$/.test(essence(contentType))

const essence = (contentType: string): string => contentType.split(";")[0]!.trim().toLowerCase()

const record = (plain: Plain | undefined): { [key: string]: Plain } => (isRecord(plain) ? plain : {})
