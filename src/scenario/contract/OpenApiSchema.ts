/**
 * The schema objects of OpenAPI 3.0, 3.1 and Swagger 2.0 as one self-contained JSON Schema of draft 2020-12: what they
 * refer to comes along under `$defs`, so that circles stay circles.
 *
 * Source: OpenAPI 3.0.4 and 3.1.1, section "Schema Object"; Swagger 2.0, section "Schema Object".
 */
import { field, isRecord, type Plain } from "./Plain.ts"

/** In an answer what is only written is not required, in a request what is only read. */
export type Direction = "response" | "request"

/** Converts `schema`, which stands somewhere in `document`. References that lead nowhere allow nothing. */
export const toJsonSchema = (document: Plain, schema: Plain, direction: Direction): Plain => {
  const converter = new Converter(document, direction)
  const root = converter.schema(schema)
  const definitions = converter.definitions()
  return isRecord(root) && Object.keys(definitions).length > 0 ? { ...root, $defs: definitions } : root
}

/** Returns what `value` refers to, if it is a reference inside the document; itself otherwise. */
export const follow = (document: Plain, value: Plain): Plain => {
  let current = value
  for (let hops = 0; hops < 50; hops++) {
    const target = field(current, "$ref")
    if (typeof target !== "string") return current
    current = lookUp(document, target) ?? {}
  }
  return {}
}

/** Finds the place that `#/a/b~1c` points at (RFC 6901). */
const lookUp = (document: Plain, reference: string): Plain | undefined => {
  if (reference === "#") return document
  if (!reference.startsWith("#/")) return undefined
  let current: Plain | undefined = document
  for (const part of reference.slice(2).split("/")) {
    const key = decode(part).replaceAll("~1", "/").replaceAll("~0", "~")
    current = Array.isArray(current) ? current[Number(key)] : field(current, key)
  }
  return current
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const oneSchema = new Set([
  "items",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "additionalProperties",
  "additionalItems",
  "unevaluatedProperties",
  "unevaluatedItems"
])
const listOfSchemas = new Set(["allOf", "anyOf", "oneOf", "prefixItems"])
const mapOfSchemas = new Set(["properties", "patternProperties", "dependentSchemas"])
/** Say something to people and generators, nothing about values; `$id` would move the base of references. */
const dropped = new Set([
  "$defs",
  "$id",
  "$schema",
  "__proto__",
  "deprecated",
  "discriminator",
  "example",
  "examples",
  "externalDocs",
  "xml"
])

class Converter {
  private readonly document: Plain
  private readonly direction: Direction
  private readonly older: boolean
  private readonly names = new Map<string, string>()
  private readonly done: { [name: string]: Plain } = {}

  constructor(document: Plain, direction: Direction) {
    this.document = document
    this.direction = direction
    this.older = !String(field(document, "openapi") ?? "2").startsWith("3.1")
  }

  /** Converting one may name more: so until there are no new ones. */
  definitions(): { [name: string]: Plain } {
    for (const [reference, name] of this.names) {
      const target = lookUp(this.document, reference)
      this.done[name] = target === undefined ? false : this.schema(target)
    }
    return this.done
  }

  schema(schema: Plain): Plain {
    if (!isRecord(schema)) return typeof schema === "boolean" ? schema : {}
    const reference = field(schema, "$ref")
    // Before 3.1 what stands beside a reference is passed over.
    if (typeof reference === "string" && this.older) return { $ref: this.nameOf(reference) }
    const converted: { [key: string]: Plain } = {}
    for (const [key, value] of Object.entries(schema)) {
      if (key === "x-nullable" && this.older) converted["nullable"] = value
      else if (!dropped.has(key) && !key.startsWith("x-")) converted[key] = this.keyword(key, value)
    }
    this.forgive(converted, schema)
    return this.older ? modern(converted) : converted
  }

  private keyword(key: string, value: Plain): Plain {
    if (key === "$ref" && typeof value === "string") return this.nameOf(value)
    if (oneSchema.has(key)) return this.schema(value)
    if (listOfSchemas.has(key) && Array.isArray(value)) return value.map((item) => this.schema(item))
    if (mapOfSchemas.has(key) && isRecord(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.schema(item)]))
    }
    return value
  }

  private nameOf(reference: string): string {
    const known = this.names.get(reference) ?? `s${this.names.size}`
    this.names.set(reference, known)
    return `#/$defs/${known}`
  }

  /** Takes fields that do not travel in this direction off the list of required ones. */
  private forgive(converted: { [key: string]: Plain }, schema: Plain): void {
    const required = field(schema, "required")
    if (!Array.isArray(required)) return
    const mark = this.direction === "response" ? "writeOnly" : "readOnly"
    const properties = field(schema, "properties")
    const left = required.filter((name) => {
      const property = field(properties, String(name))
      return property === undefined || field(follow(this.document, property), mark) !== true
    })
    if (left.length > 0) converted["required"] = left
    else delete converted["required"]
  }
}

/** Turns the dialect of 3.0 and 2.0, which is close to draft 05, into 2020-12. */
const modern = (schema: { [key: string]: Plain }): Plain => {
  const { exclusiveMaximum, exclusiveMinimum, maximum, minimum, nullable, type, ...rest } = schema
  const modern: { [key: string]: Plain } = { ...rest }
  if (type !== undefined && type !== "file") modern["type"] = type
  if (minimum !== undefined) modern[exclusiveMinimum === true ? "exclusiveMinimum" : "minimum"] = minimum
  if (maximum !== undefined) modern[exclusiveMaximum === true ? "exclusiveMaximum" : "maximum"] = maximum
  return nullable === true ? { anyOf: [{ type: "null" }, modern] } : modern
}
