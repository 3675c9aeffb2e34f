/**
 * The JSON Schema of scenario and suite files, for editors: completion, descriptions, red lines. Made from the same readers
 * and action definitions that read the files, so it cannot lag behind them.
 */
import { Schema, SchemaAST } from "effect"
import type * as Action from "./Action.ts"
import { kindOf } from "./compile/CompileInput.ts"
import * as NativeFile from "./read/NativeFile.ts"
import type { JsonSchema } from "./read/Reader.ts"

/** Makes the schema (draft 2020-12) for files that may use `actions`. */
export const make = (actions: ReadonlyArray<Action.Any>): JsonSchema => {
  const names = actions.map((action) => action.name as string)
  const schemas = NativeFile.schemas(names)
  const controls = schemas.step as { readonly properties: object }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "skein scenario or suite",
    oneOf: [
      { $ref: "#/$defs/scenario" },
      { $ref: "#/$defs/suite" },
      { type: "object", required: ["testcase"], description: "A Robogo test case" },
      { type: "object", required: ["testsuite"], description: "A Robogo test suite" }
    ],
    $defs: {
      scenario: schemas.scenario,
      suite: schemas.suite,
      step: {
        ...schemas.step,
        properties: {
          ...controls.properties,
          ...Object.fromEntries(actions.map((action) => [action.name as string, callSchema(action)]))
        }
      }
    }
  }
}

/** The schema of one action's input as it may stand in a file: a map, or its first input alone. */
export const callSchema = (action: Action.Any): JsonSchema => {
  const inputs = inputsOf(action)
  const map: JsonSchema = {
    type: "object",
    properties: Object.fromEntries(
      inputs.map((input) => [input.name, { ...input.schema, description: input.description }])
    ),
    required: inputs.filter((input) => input.required).map((input) => input.name),
    additionalProperties: false
  }
  const first = inputs.find((input) => input.name === action.positional[0])
  return {
    description: action.summary,
    anyOf: first === undefined ? [map, { type: "null" }] : [first.schema, map, { type: "null" }]
  }
}

export interface Input {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly schema: JsonSchema
  /** `text`, `expression`, `number or text`, ... for people. */
  readonly type: string
}

/** The inputs of an action in the order of its definition, without those that only the compiler sets. */
export const inputsOf = (action: Action.Any): ReadonlyArray<Input> =>
  Object.entries(action.input.fields).filter(([name]) => !name.startsWith("any_")).map(([name, field]) => {
    const kind = kindOf(field)
    const schema = kind === undefined ? valueSchema(field) : kindSchemas[String(kind)] ?? {}
    return {
      name,
      description: SchemaAST.resolveDescription(field.ast) ?? "",
      required: field.ast.context?.isOptional !== true,
      schema: kind === undefined ? withTemplate(schema) : schema,
      type: kind === undefined ? typeText(schema) : kindTexts[String(kind)] ?? "value"
    }
  })

const kindSchemas: Readonly<Record<string, JsonSchema>> = {
  expression: { type: ["string", "boolean", "number"] },
  expressions: { anyOf: [{ type: ["string", "boolean"] }, { type: "array", items: { type: ["string", "boolean"] } }] },
  step: { $ref: "#/$defs/step" },
  plain: { type: "string" },
  connection: { type: "string" },
  source: { type: ["object", "array", "string"] },
  document: { type: ["object", "string"] },
  documents: { type: ["array", "string"] },
  "document or documents": { type: ["object", "array", "string"] },
  statements: { type: "array", items: { type: ["string", "object"] } }
}

const kindTexts: Readonly<Record<string, string>> = {
  expression: "expression",
  expressions: "expressions",
  step: "step",
  plain: "text without ${}",
  connection: "URL or name",
  source: "source, or list of sources",
  document: "map",
  documents: "list of maps",
  "document or documents": "map or list of maps",
  statements: "list of { execute, params }"
}

const valueSchema = (field: Schema.Constraint): JsonSchema => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(field as Schema.Top)
  return Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions }
}

/** Any input may be a template; an editor must not mark it. */
const withTemplate = (schema: JsonSchema): JsonSchema =>
  Object.keys(schema).length === 0 || acceptsText(schema)
    ? schema
    : { anyOf: [schema, { type: "string", pattern: "\\$\\{" }] }

const acceptsText = (schema: JsonSchema): boolean =>
  schema["type"] === "string" && schema["pattern"] === undefined && schema["enum"] === undefined ||
  Array.isArray(schema["anyOf"]) && schema["anyOf"].some((one) => acceptsText(one as JsonSchema))

const typeText = (schema: JsonSchema): string => {
  const any = schema["anyOf"] ?? schema["oneOf"]
  if (Array.isArray(any)) return [...new Set(any.map((one) => typeText(one as JsonSchema)))].join(" or ")
  if (Array.isArray(schema["enum"])) return schema["enum"].map(String).join(" | ")
  if (schema["type"] === "array") return "list"
  if (schema["type"] === "object") return "map"
  return schema["type"] === "string" ? "text" : typeof schema["type"] === "string" ? schema["type"] : "any value"
}
