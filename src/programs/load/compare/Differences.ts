/** What of the configurations and generators of two loads differs: a comparison of a load with another one says little about the target. */
import { isRecord } from "../../../core/Value.ts"
import type { LoadResult } from "../LoadResult.ts"

/** Places that are told, and characters of a value there. */
const mostPlaces = 20
const mostCharacters = 80

/** Returns a sentence for each difference; seeds and thresholds are left out, which change nothing in what was measured. */
export const between = (before: LoadResult, after: LoadResult): ReadonlyArray<string> => [
  ...places(relevant(before), relevant(after), "").slice(0, mostPlaces).map((place) =>
    `the configuration differs in ${place}`
  ),
  ...(["threads", "cores", "platform", "node", "transport"] as const).filter((key) =>
    before.generator[key] !== after.generator[key]
  ).map((key) => `the generator differs in ${key}: ${before.generator[key]}, then ${after.generator[key]}`)
]

/** The name of a load says what its parts say too. */
const relevant = ({ configuration }: LoadResult) =>
  Object.fromEntries(
    Object.entries(configuration).filter(([key]) => key !== "seed" && key !== "thresholds" && key !== "name")
  )

/** The innermost places at which two values differ, with both: `loads[0].executor.rate: 100, then 200`. */
const places = (a: unknown, b: unknown, path: string): ReadonlyArray<string> => {
  if (JSON.stringify(a) === JSON.stringify(b)) return []
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((one, index) => places(one, b[index], `${path}[${index}]`))
  }
  if (!isRecord(a) || !isRecord(b)) return [`${path}: ${shown(a)}, then ${shown(b)}`]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    places(a[key], b[key], path === "" ? key : `${path}.${key}`)
  )
}

const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const text = JSON.stringify(value)
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`
}
