/** One operation of an API document against one HTTP answer: status, headers, content type, body. */
import type { Value } from "../../core/Value.ts"
import type { Validator } from "./JsonSchema.ts"
import * as OpenApi from "./OpenApi.ts"
import * as Plain from "./Plain.ts"

/** Returns a sentence for each way in which an HTTP answer breaks the contract; empty when it keeps it. */
export type AnswerCheck = (answer: Answer) => ReadonlyArray<string>

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: Value }
  readonly body: Value
}

/** Makes the check; every schema of the operation has its validator. */
export const make = (
  operation: OpenApi.Operation,
  validators: ReadonlyMap<Plain.Plain, Validator>
): AnswerCheck =>
(answer) => {
  const validate = (schema: Plain.Plain | undefined, value: Value, where: string): ReadonlyArray<string> =>
    schema === undefined ? [] : validators.get(schema)!(value).map((fault) => `${where}: ${fault}`)
  const response = OpenApi.responseFor(operation, answer.status)
  if (response === undefined) {
    const known = operation.responses.map(({ status }) => status).join(", ")
    return [`status ${answer.status} is not described for ${operation.label}, only ${known || "nothing"}`]
  }
  const faults = response.headers.flatMap(({ name, required, schema }) => {
    const value = answer.headers[name]
    if (value === undefined) return required ? [`the header ${name} is missing`] : []
    return validate(schema, headerValue(value, schema), `header ${name}`)
  })
  return [...faults, ...bodyFaults(response, answer, validate)]
}

const bodyFaults = (
  response: OpenApi.Response,
  { body, headers, status }: Answer,
  validate: (schema: Plain.Plain | undefined, value: Value, where: string) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const empty = body === null || body === "" || (body instanceof Uint8Array && body.length === 0)
  if (response.content.length === 0) return empty ? [] : [`status ${status} has a body, and none is described`]
  const contentType = headers["content-type"]
  if (typeof contentType !== "string" || contentType === "") {
    return [empty ? "the body is missing" : "the answer has no content-type"]
  }
  const described = OpenApi.contentFor(response, contentType)
  if (described === undefined) {
    const known = response.content.map(({ mediaType }) => mediaType).join(", ")
    return [`content-type ${contentType} is not described for status ${status}, only ${known}`]
  }
  if (!OpenApi.isJson(contentType)) return typeof body === "string" ? validate(described.schema, body, "body") : []
  return empty && body !== null ? ["the body is empty"] : validate(described.schema, body, "body")
}

/** A header is text; its schema may speak of a number or a boolean. */
const headerValue = (value: Value, schema: Plain.Plain | undefined): Value => {
  const type = Plain.field(schema, "type")
  if (typeof value !== "string") return value
  if ((type === "integer" || type === "number") && value.trim() !== "" && Number.isFinite(Number(value))) {
    return Number(value)
  }
  return type === "boolean" && (value === "true" || value === "false") ? value === "true" : value
}
