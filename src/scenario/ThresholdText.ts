/**
 * The text of a threshold, taken apart: `http.p95 < 300ms`, `errors.rate < 1%`, `http.p99{step: "Log in"} < 1s`.
 *
 * Only the form is judged here, so that `check` can; which metrics there are is known to `programs/load`.
 */
import { Result } from "effect"

export interface ThresholdText {
  /** `http.p95`, `errors.rate`, `orders.p99.9`: a metric and, after its last point, what is asked of it. */
  readonly path: string
  /** What the figures are narrowed to: `step`, `tag`, `scenario`, ... */
  readonly filters: ReadonlyArray<readonly [key: string, value: string]>
  readonly comparison: "<" | "<=" | ">" | ">=" | "==" | "!="
  /** In `unit`: milliseconds, a share from 0 to 1, a number a second, a number. */
  readonly limit: number
  readonly unit: "ms" | "ratio" | "per_second" | "count"
}

/** Why a text is no threshold, and from which offset on it cannot be read. */
export interface Misread {
  readonly message: string
  readonly at: number
}

const path = /\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*/y
const filter = /\s*([A-Za-z_]\w*)\s*[:=]\s*(?:"([^"]*)"|'([^']*)'|([^\s,{}"']+))\s*/y
const comparison = /\s*(<=|>=|==|!=|<|>)\s*/y
const limit = /(\d[\d_]*(?:\.\d+)?)\s*(?:(us|ms|s|m|%|\/s|\/m)(?![\w%/]))?\s*/y

type Unit = ThresholdText["unit"]

const units: Readonly<Record<string, readonly [unit: Unit, factor: number]>> = {
  us: ["ms", 0.001],
  ms: ["ms", 1],
  s: ["ms", 1_000],
  m: ["ms", 60_000],
  "%": ["ratio", 0.01],
  "/s": ["per_second", 1],
  "/m": ["per_second", 1 / 60]
}

/** Reads a threshold. */
export const parse = (text: string): Result.Result<ThresholdText, Misread> => {
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text) ?? undefined
    if (found !== undefined) at = pattern.lastIndex
    return found
  }
  const misread = (message: string) => Result.fail({ message, at })

  const metric = take(path)
  if (metric === undefined) return misread("expected a metric such as http.p95 or errors.rate")
  const filters: Array<readonly [string, string]> = []
  if (text[at] === "{") {
    do {
      at++
      const one = take(filter)
      if (one === undefined) return misread("expected a filter such as step: \"Log in\"")
      filters.push([one[1]!, one[2] ?? one[3] ?? one[4] ?? ""])
    } while (text[at] === ",")
    if (text[at] !== "}") return misread("expected , or }")
    at++
  }
  const operator = take(comparison)
  if (operator === undefined) return misread("expected a comparison: <, <=, >, >=, == or !=")
  const bound = take(limit)
  if (bound === undefined) return misread("expected a number, such as 300ms, 1%, 100/s or 5")
  if (at < text.length) {
    const word = /^[A-Za-z%/]+/.exec(text.slice(at))?.[0]
    return misread(
      word === undefined || bound[2] !== undefined
        ? "expected the end of the threshold"
        : `${word} is no unit: there are ${Object.keys(units).join(", ")}`
    )
  }
  const [unit, factor] = units[bound[2] ?? ""] ?? ["count", 1]
  return Result.succeed({
    path: metric[1]!,
    filters,
    comparison: operator[1] as ThresholdText["comparison"],
    limit: Number(bound[1]!.replaceAll("_", "")) * factor,
    unit
  })
}
