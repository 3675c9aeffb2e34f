/** Which columns of rows are shown, and as what text. Pure. */
import * as Json from "../../core/Json.ts"
import { emptyRecord, field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

/** One column: where its value is in a row, names and indexes between dots. */
export interface Field {
  /** The heading, and the key in JSON. */
  readonly name: string
  readonly path: ReadonlyArray<string>
}

/** Reads `id,site.name`; `label=site.name` gives the column another name. `undefined` when a name is empty or there twice. */
export const parse = (text: string): ReadonlyArray<Field> | undefined => {
  const fields = text.split(",").map((part): Field => {
    const [, name, path] = /^([^=]*)=(.*)$/.exec(part.trim()) ?? [undefined, part.trim(), part.trim()]
    return { name: name!.trim(), path: path!.trim().split(".") }
  })
  const names = new Set(fields.map(({ name }) => name))
  const isWhole = fields.every(({ name, path }) => name !== "" && path.every((step) => step !== ""))
  return isWhole && names.size === fields.length ? fields : undefined
}

/** The columns of rows as they are: all their fields, in the order in which they are met. */
export const of = (rows: ReadonlyArray<Value>): ReadonlyArray<Field> => {
  const names = new Set<string>()
  for (const row of rows) {
    for (const name of isRecord(row) ? Object.keys(row) : ["value"]) names.add(name)
  }
  return [...names].map((name) => ({ name, path: [name] }))
}

/** The value of a column; `undefined` when the row has none. A field that has dots in its own name is found by its whole name. */
export const get = (row: Value, { name, path }: Field): Value | undefined => {
  if (!isRecord(row)) return name === "value" ? row : isArray(row) ? follow(row, path) : undefined
  return path.length === 1 ? field(row, path[0]!) : field(row, path.join(".")) ?? follow(row, path)
}

/** A row with these columns only; what it does not have is null. */
export const pick = (row: Value, fields: ReadonlyArray<Field>): ValueRecord => {
  const picked = emptyRecord()
  for (const one of fields) picked[one.name] = get(row, one) ?? null
  return picked
}

/** A value in a cell: text as it is, nothing for null, lists and objects as JSON. */
export const text = (value: Value | undefined): string =>
  value === undefined || value === null
    ? ""
    : typeof value === "string"
    ? value
    : typeof value === "object"
    ? value instanceof Uint8Array ? JSON.parse(Json.stringify(value)) as string : Json.stringify(value)
    : String(value)

const follow = (row: Value, path: ReadonlyArray<string>): Value | undefined => {
  let here: Value | undefined = row
  for (const step of path) {
    if (isArray(here)) here = here[Number(step)]
    else if (isRecord(here)) here = field(here, step)
    else return undefined
  }
  return here
}
