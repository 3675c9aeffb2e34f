/** Robogo's spelling of `mongo`: `mongodb` with `[op, uri, "db.collection"]`, and the rest as options. */
import { emptyRecord, field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Text from "../expression/Text.ts"

/** The named inputs of a call. An operation that is not known leaves none, and the step says which there are. */
export const input = (args: ReadonlyArray<Value>, options: ValueRecord): ValueRecord => {
  const [operation, url, place] = args
  const made = emptyRecord()
  if (url !== undefined && url !== null && url !== "") made["url"] = Text.write(url)
  const [database = "", ...rest] = Text.write(place ?? "").split(".")
  if (rest.length === 0) made["collection"] = database
  else {
    made["database"] = database
    made["collection"] = rest.join(".")
  }
  const put = (keys: ReadonlyArray<string>) => {
    for (const key of keys) {
      const value = field(options, key)
      if (value !== undefined) made[key] = value
    }
  }
  put(["timeout"])
  const filter = field(options, "filter") ?? {}
  const many = field(options, "many") === true || field(options, "many") === "true"
  switch (Text.write(operation ?? "").toLowerCase()) {
    case "find":
      made["find"] = filter
      put(["projection", "sort", "limit", "skip"])
      break
    case "insert":
      made["insert"] = field(options, "documents") ?? field(options, "document") ?? {}
      break
    case "update":
      made[many ? "update_many" : "update_one"] = field(options, "update") ?? {}
      made["filter"] = filter
      put(["upsert"])
      break
    case "delete":
      made[many ? "delete_many" : "delete_one"] = filter
      break
    case "aggregate":
      made["aggregate"] = field(options, "pipeline") ?? []
      break
    case "count":
      made["count"] = filter
  }
  return made
}

/** What an input was about, as the action has decoded it. */
interface Asked {
  readonly collection?: string
  readonly database?: string
  readonly find?: ValueRecord
  readonly insert?: Value
  readonly aggregate?: Value
}

/** The result in Robogo's shape. */
export const result = (output: Value, asked: Asked): Value => {
  if (!isRecord(output)) return output
  const pick = (...keys: ReadonlyArray<string>): ValueRecord =>
    Object.fromEntries(keys.flatMap((key) => output[key] === undefined ? [] : [[key, output[key]]]))
  if (asked.find !== undefined) {
    const collection = [asked.database, asked.collection].filter((part) => part !== undefined).join(".")
    return { ...pick("documents", "count"), collection, filter: asked.find }
  }
  if (asked.insert !== undefined) {
    return isArray(asked.insert) ? pick("inserted_ids", "inserted_count") : pick("inserted_id")
  }
  if (asked.aggregate !== undefined) {
    return { results: output["documents"] ?? [], ...pick("count"), pipeline: asked.aggregate }
  }
  return pick("count", "matched_count", "modified_count", "upserted_id", "deleted_count")
}
