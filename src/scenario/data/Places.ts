/** Places in a value by dotted text: `users.admin.email`, `users.*.email`, `rows[0].id`. */
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

export interface Place {
  /** The place written out, with keys and indexes in the place of `*`. */
  readonly path: string
  /** `undefined` when nothing is there. */
  readonly value: Value | undefined
}

/** Returns what stands at a path, once for each item that `*` stands for, in order. Never empty unless under a `*`. */
export const find = (root: Value, path: string): ReadonlyArray<Place> => {
  let places: ReadonlyArray<Place> = [{ path: "", value: root }]
  for (const part of partsOf(path)) {
    places = places.flatMap((place) =>
      part === "*"
        ? childrenOf(place)
        : [{ path: join(place.path, part), value: childOf(place.value, part) }]
    )
  }
  return places
}

/** Returns a copy of a record with a value put at a path; records on the way are made where there are none. */
export const put = (record: ValueRecord, path: string, value: Value): ValueRecord =>
  putParts(record, partsOf(path), value)

const putParts = (target: Value | undefined, parts: ReadonlyArray<string>, value: Value): ValueRecord => {
  const copy = Object.assign(emptyRecord(), isRecord(target) ? target : {})
  const [first = "", ...rest] = parts
  copy[first] = rest.length === 0 ? value : putParts(Object.hasOwn(copy, first) ? copy[first] : undefined, rest, value)
  return copy
}

const partsOf = (path: string): ReadonlyArray<string> =>
  path.replaceAll(/\[(\d+|\*)\]/g, ".$1").split(".").filter((part) => part !== "")

const join = (path: string, part: string): string => (path === "" ? part : `${path}.${part}`)

const childOf = (value: Value | undefined, part: string): Value | undefined => {
  if (isArray(value)) return /^\d+$/.test(part) ? value[Number(part)] : undefined
  return isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined
}

const childrenOf = ({ path, value }: Place): ReadonlyArray<Place> => {
  if (isArray(value)) return value.map((item, at) => ({ path: join(path, String(at)), value: item }))
  return isRecord(value) ? Object.entries(value).map(([key, item]) => ({ path: join(path, key), value: item })) : []
}
