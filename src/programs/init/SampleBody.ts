/** Makes an example of a JSON Schema's values: its own examples first, else the smallest value that fits. */
import { field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type { Data } from "./Draft.ts"
import * as JsonBody from "./JsonBody.ts"

/** Deeper levels are left out: a schema may go round in circles. */
const maxDepth = 6
const maxFields = 50

/** `follow` resolves a `$ref`. */
export const of = (schema: Value | undefined, follow: (value: Value | undefined) => ValueRecord): Data =>
  JsonBody.dataOf(sample(schema, follow, 0))

type Follow = (value: Value | undefined) => ValueRecord

const sample = (given: Value | undefined, follow: Follow, depth: number): Value => {
  const schema = follow(given)
  const [ready] = [
    field(schema, "example"),
    first(field(schema, "examples")),
    field(schema, "default"),
    field(schema, "const"),
    first(field(schema, "enum"))
  ]
    .filter((value) => value !== undefined)
  if (ready !== undefined) return ready
  if (depth >= maxDepth) return null
  const all = field(schema, "allOf")
  if (isArray(all)) return merged(all.map((each) => sample(each, follow, depth + 1)), ownFields(schema, follow, depth))
  const choice = first(field(schema, "oneOf")) ?? first(field(schema, "anyOf"))
  if (choice !== undefined) return sample(choice, follow, depth + 1)
  return byType(schema, follow, depth)
}

const byType = (schema: ValueRecord, follow: Follow, depth: number): Value => {
  const types = field(schema, "type")
  const type = isArray(types) ? types.find((each) => each !== "null") : types
  switch (type ?? (field(schema, "properties") === undefined ? undefined : "object")) {
    case "object":
      return ownFields(schema, follow, depth)
    case "array":
      return depth + 1 >= maxDepth ? [] : [sample(field(schema, "items"), follow, depth + 1)]
    case "integer":
    case "number":
      return numberOf(schema)
    case "boolean":
      return true
    case "string":
      return textOf(schema)
    default:
      return null
  }
}

/** Required fields, and optional ones as far as they are near the top. */
const ownFields = (schema: ValueRecord, follow: Follow, depth: number): ValueRecord => {
  const properties = field(schema, "properties")
  const required = field(schema, "required")
  const record = Object.create(null) as { [key: string]: Value }
  if (!isRecord(properties)) return record
  for (const [name, property] of Object.entries(properties).slice(0, maxFields)) {
    const needed = isArray(required) && required.includes(name)
    if (field(follow(property), "readOnly") === true || (!needed && depth >= 2)) continue
    record[name] = sample(property, follow, depth + 1)
  }
  return record
}

const merged = (values: ReadonlyArray<Value>, own: ValueRecord): Value => {
  const records = values.filter(isRecord)
  const other = values.find((value) => !isRecord(value) && value !== null)
  return records.length === 0 && other !== undefined
    ? other
    : Object.assign(Object.create(null), ...records, own) as ValueRecord
}

const numberOf = (schema: ValueRecord): number => {
  const [minimum, maximum] = [field(schema, "minimum"), field(schema, "maximum")]
  const above = field(schema, "exclusiveMinimum")
  const least = typeof above === "number"
    ? above + 1
    : typeof minimum === "number"
    ? (above === true ? minimum + 1 : minimum)
    : 1
  return typeof maximum === "number" && least > maximum ? maximum : least
}

const formats: Readonly<Record<string, string>> = {
  date: "2025-01-31",
  "date-time": "2025-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "P1D",
  email: "ada@example.test",
  hostname: "example.test",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.test/",
  url: "https://example.test/",
  uuid: "00000000-0000-4000-8000-000000000000",
  byte: "dGV4dA==",
  password: "password"
}

const textOf = (schema: ValueRecord): string => {
  const format = field(schema, "format")
  const known = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined
  if (known !== undefined) return known
  const [shortest, longest] = [field(schema, "minLength"), field(schema, "maxLength")]
  const padded = "text".padEnd(typeof shortest === "number" ? Math.min(shortest, 1_000) : 0, "x")
  return typeof longest === "number" ? padded.slice(0, Math.max(longest, 0)) : padded
}

const first = (value: Value | undefined): Value | undefined => (isArray(value) ? value[0] : undefined)
