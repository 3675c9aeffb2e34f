/** Parts of a body that are reached by a path, and the rows there. Pure. */
import { field, isArray, isRecord, type Value, type ValueRecord } from "./Value.ts"

/** A way into a value: names and indexes between dots (`data.items`). Empty for the value itself. */
export type Path = string

/** Follows a path; `undefined` when it leads nowhere. */
export const at = (value: Value, path: Path): Value | undefined => {
  let here: Value | undefined = value
  for (const name of path === "" ? [] : path.split(".")) {
    if (isArray(here)) here = here[Number(name)]
    else if (isRecord(here)) here = field(here, name)
    else return undefined
  }
  return here
}

/** The rows of an answer: a list, or the values of an object that is keyed by id, which they get as `id` when they lack it. */
export const rowsOf = (body: Value, path: Path): ReadonlyArray<Value> | undefined => {
  const rows = at(body, path)
  if (isArray(rows)) return rows
  if (!isRecord(rows) || !Object.values(rows).every(isRecord)) return undefined
  return Object.entries(rows).map(([key, row]) => ({ id: key, ...row as ValueRecord }))
}
