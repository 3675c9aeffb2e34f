/** What differs between two values, place by place. */
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import * as Operators from "../expression/Operators.ts"

export interface Difference {
  /** The place, as an expression reads it: `$.items[0]["first name"]`. */
  readonly path: string
  /** `added`: only on the right; `removed`: only on the left. */
  readonly kind: "added" | "removed" | "changed"
  /** Null when it is not there. */
  readonly left: Value
  readonly right: Value
}

export interface Options {
  /** Places that are not looked at, with everything in them; `*` stands for one key or index: `$.items[*].id`. */
  readonly ignore?: ReadonlyArray<string> | undefined
  /** @default 1000 */
  readonly max?: number | undefined
}

/** Returns the differences in the order of the left value; lists by index. Stops at `max`. */
export const diff = (left: Value, right: Value, options: Options = {}): ReadonlyArray<Difference> => {
  const found: Array<Difference> = []
  const max = options.max ?? 1_000
  const ignored = (options.ignore ?? []).map(partsOf)

  const walk = (left: Value | undefined, right: Value | undefined, path: ReadonlyArray<string | number>): void => {
    if (found.length >= max || ignored.some((pattern) => matches(pattern, path))) return
    if (left === undefined || right === undefined) {
      const kind = left === undefined ? "added" : "removed"
      found.push({ path: write(path), kind, left: left ?? null, right: right ?? null })
    } else if (isRecord(left) && isRecord(right)) {
      const keys = [...Object.keys(left), ...Object.keys(right).filter((key) => !Object.hasOwn(left, key))]
      for (const key of keys) walk(own(left, key), own(right, key), [...path, key])
    } else if (isArray(left) && isArray(right)) {
      for (let at = 0; at < Math.max(left.length, right.length); at++) walk(left[at], right[at], [...path, at])
    } else if (!Operators.equal(left, right)) found.push({ path: write(path), kind: "changed", left, right })
  }

  walk(left, right, [])
  return found
}

const own = (record: { readonly [key: string]: Value }, key: string): Value | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

const write = (path: ReadonlyArray<string | number>): string =>
  path.reduce<string>((text, part) =>
    typeof part === "number"
      ? `${text}[${part}]`
      : /^[A-Za-z_]\w*$/.test(part)
      ? `${text}.${part}`
      : `${text}[${JSON.stringify(part)}]`, "$")

/** The keys and indexes of `$.a[0]["b c"].*`; the `$` may be left out. */
const partsOf = (path: string): ReadonlyArray<string> =>
  Array.from(
    path.replace(/^\$\.?/, "").matchAll(/\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\]'"]+))\s*\]|([^.[\]]+)/g),
    (match) => match[1] === undefined ? (match[2] ?? match[3] ?? match[4]!).trim() : String(JSON.parse(`"${match[1]}"`))
  )

const matches = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string | number>): boolean =>
  pattern.length === path.length && pattern.every((part, at) => part === "*" || part === String(path[at]))
