/** Handles of remote workflows, as people and programs write them. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import type { Ended, Item } from "../WorkflowWait.ts"

/** A workflow to wait for, as it was written. */
export interface Handle extends Item {
  readonly text: string
}

/**
 * Reads handles: a line each, blank lines and `#` lines left out, or what `skein batch` and `skein wait` print as JSON or JSON lines. In
 * objects they are under `handle` or `handles`, also those of `items`, `results` and `output`.
 */
export const read = (text: string): ReadonlyArray<string> => {
  const whole = Json.looksLikeJson(text) ? Json.parse(text) : undefined
  if (whole !== undefined && Result.isSuccess(whole)) return handlesOf(whole.success)
  return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#")).flatMap(
    (line) => {
      const value = /^[[{"]/.test(line) ? Json.parse(line) : undefined
      return value !== undefined && Result.isSuccess(value) ? handlesOf(value.success) : [line]
    }
  )
}

const handlesOf = (value: Value): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value === "number" || typeof value === "bigint") return [String(value)]
  if (isArray(value)) return value.flatMap(handlesOf)
  if (!isRecord(value)) return []
  const { handle, handles, items, output, results, text } = value
  if (handle !== undefined) return handlesOf(handle)
  if (handles !== undefined) return handlesOf(handles)
  return [items, results, output, text].flatMap((part) => part === undefined ? [] : handlesOf(part))
}

/** Tells workflows apart. */
export const keyOf = ({ id, parent }: Item): string => `${parent}\u0000${id}`

/** A workflow and what became of it, as in handle files and `--format json`. */
export const toJson = ({ id, parent, since, text }: Handle, ended: Ended | undefined) => {
  const seen = ended?.seen
  return {
    handle: text,
    parent,
    id,
    since: since ?? 0,
    ...(ended === undefined ? {} : { outcome: ended.outcome }),
    ...(seen === undefined ? {} : { state: seen.state, text: seen.text }),
    ...(seen?.progress === undefined ? {} : { progress: seen.progress }),
    ...(seen?.message === undefined ? {} : { message: seen.message }),
    ...(ended?.problem === undefined ? {} : { problem: ended.problem }),
    ...(ended === undefined ? {} : { duration_ms: ended.durationMs })
  }
}
