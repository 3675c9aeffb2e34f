/** The text of a snapshot: the same for the same value, good to read and to compare line by line. */
import { Result, TextDiff } from "effect"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, kindOf, type Value, type ValueRecord } from "../../core/Value.ts"

/** One step of a path: a field, any field or item, or any depth. */
type Part = string | { readonly any: "one" | "deep" }
export type MaskPath = ReadonlyArray<Part>

/**
 * Reads a path such as `body.items[*].id`, `headers["x-id"]` or `**.created_at`; `*` is any field or item, `**` any depth.
 * Answers with a message when it is none.
 */
export const parsePath = (text: string): Result.Result<MaskPath, string> => {
  const parts: Array<Part> = []
  const dotted = /^[.[]/.test(text) || text === "" ? text : `.${text}`
  const token = /\.(\*\*|\*|[^.[\]*"']+)|\[(\*|\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]/y
  while (token.lastIndex < dotted.length) {
    const found = token.exec(dotted)
    if (found === null || text.startsWith(".")) {
      return Result.fail(`${JSON.stringify(text)} is no path such as body.items[*].id`)
    }
    const [, name, index, double, single] = found
    const key = name ?? index
    parts.push(key === "*" ? { any: "one" } : key === "**" ? { any: "deep" } : key ?? double ?? single ?? "")
  }
  return parts.length === 0 ? Result.fail("the path is empty") : Result.succeed(parts)
}

/** Writes a value as JSON with sorted keys; what a path leads to is replaced by its kind, as in `"<number>"`. */
export const write = (value: Value, masks: ReadonlyArray<MaskPath>): string =>
  `${Json.stringify(normal(stableOf(value), masks), 2).replaceAll(unprintable, escape)}\n`

/** Shows how `now` differs from `stored`, as `diff -u` would, in at most 60 lines. */
export const difference = (stored: string, now: string): string => {
  const lines = TextDiff.unified(TextDiff.lines(stored, now, { maxEdits: 2_000 })).trimEnd().split("\n")
  return (lines.length <= maxDiffLines
    ? lines
    : [...lines.slice(0, maxDiffLines), `... ${lines.length - maxDiffLines} more lines`])
    .join("\n")
}

const maxDiffLines = 60

/** An http answer is its status and body: headers, times and addresses differ each time. */
const stableOf = (output: Value): Value => {
  if (!isRecord(output)) return output
  const status = output["status"] ?? output["status_code"]
  if (typeof status === "number" && Object.hasOwn(output, "body")) return { status, body: output["body"]! }
  const { duration_ms: _, ...rest } = output
  return rest
}

const normal = (value: Value, masks: ReadonlyArray<MaskPath>): Value => {
  if (isArray(value)) return value.map((item, at) => child(item, String(at), masks))
  if (!isRecord(value)) return value
  const sorted: { [key: string]: Value } = Object.create(null) as { [key: string]: Value }
  for (const key of Object.keys(value).sort()) sorted[key] = child((value as ValueRecord)[key]!, key, masks)
  return sorted
}

const child = (value: Value, key: string, masks: ReadonlyArray<MaskPath>): Value => {
  const inside = masks.flatMap((path) => after(path, key))
  return inside.some((path) => path.length === 0) ? `<${kindOf(value)}>` : normal(value, inside)
}

/** What is left of a path below `key`; an empty one means that this is the place. */
const after = (path: MaskPath, key: string): ReadonlyArray<MaskPath> => {
  const [first, ...rest] = path
  if (first === undefined) return []
  if (typeof first === "string") return first === key ? [rest] : []
  return first.any === "one" ? [rest] : rest.length === 0 ? [[]] : [path, ...after(rest, key)]
}

/** Characters that JSON leaves as they are and YAML or a terminal does not. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
