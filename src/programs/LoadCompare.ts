/**
 * Two load runs compared: results from files, a baseline that is kept, or two loads run in alternation. `load/compare/Compare.ts` has the
 * statistics, `load/report/CompareText.ts` and `CompareHtml.ts` show what it found.
 */
import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import * as AtomicWrite from "../scenario/AtomicWrite.ts"
import * as SafePath from "../scenario/SafePath.ts"
import * as Compare from "./load/compare/Compare.ts"
import type { Comparison } from "./load/compare/Comparison.ts"
import { LoadResult, version } from "./load/LoadResult.ts"
import * as Json from "./load/report/Json.ts"

/** A result that cannot be had. The message names the file and what to do. */
export class LoadCompareError extends Schema.TaggedError<LoadCompareError>()("LoadCompareError", {
  reason: Schema.Literals(["NotFound", "Unreadable", "NoResult", "NewerVersion", "WrongName", "Unwritable"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {}

/** A result takes some 1 kB a second of its run: this is of five days, and nearly the longest text there can be. */
const maxBytes = 500_000_000

/** Reads the JSON of a load run. Fails with `NewerVersion` when a newer skein wrote it, with `NoResult` when it is something else. */
export const read = Effect.fn("LoadCompare.read")(function*(
  path: string
): Effect.fn.Return<LoadResult, LoadCompareError, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  const unreadable = (error: PlatformError.PlatformError) =>
    error.reason._tag === "NotFound"
      ? new LoadCompareError({ reason: "NotFound", message: `there is no file ${path}` })
      : new LoadCompareError({ reason: "Unreadable", message: `cannot read ${path}: ${SafePath.explain(error)}` })
  const { size } = yield* Effect.mapError(files.stat(path), unreadable)
  if (size > maxBytes) return yield* noResult(path, "it is larger than any")
  const text = yield* Effect.mapError(files.readFileString(path), unreadable)
  const json = yield* Effect.mapError(decodeJson(text), () => noResult(path))
  const head = yield* Effect.mapError(
    decodeHead(json),
    () => noResult(path, isComparison(json) ? "it is a comparison of two" : undefined)
  )
  if (head.version > version) {
    return yield* new LoadCompareError({
      reason: "NewerVersion",
      message:
        `${path} was written by a newer skein (version ${head.version} of the result; this one reads ${version})`,
      hint: "compare with that skein"
    })
  }
  return yield* Effect.mapError(
    decode(json),
    (error) => noResult(path, error.message.split("\n").slice(-3).join(" ").replaceAll(/\s+/g, " ").trim())
  )
})

const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Json))
const decodeHead = Schema.decodeUnknownEffect(
  Schema.Struct({ format: Schema.Literal("skein-load"), version: Schema.Int })
)
const isComparison = Schema.is(Schema.Struct({ format: Schema.Literal("skein-load-comparison") }))
const decode = Schema.decodeUnknownEffect(LoadResult)

const noResult = (path: string, why?: string) =>
  new LoadCompareError({
    reason: "NoResult",
    message: `${path} is no result of a load run${why === undefined ? "" : `: ${why}`}`,
    hint: "skein load URL --report result.json writes one"
  })

/** Keeps `result` as the baseline of that name under `folder` (`.skein`), in the place of an older one. Returns its path. */
export const saveBaseline = Effect.fn("LoadCompare.saveBaseline")(function*(
  folder: string,
  name: string,
  result: LoadResult
): Effect.fn.Return<string, LoadCompareError, FileSystem.FileSystem | Path.Path> {
  const path = yield* baselinePath(folder, name)
  yield* Effect.mapError(
    AtomicWrite.replace(path, Json.write(result)),
    (error) =>
      new LoadCompareError({
        reason: "Unwritable",
        message: `the baseline could not be written to ${path}: ${SafePath.explain(error)}`
      })
  )
  return path
})

/** Reads the baseline of that name. */
export const baseline = Effect.fn("LoadCompare.baseline")(function*(
  folder: string,
  name: string
): Effect.fn.Return<LoadResult, LoadCompareError, FileSystem.FileSystem | Path.Path> {
  const path = yield* baselinePath(folder, name)
  return yield* Effect.mapError(read(path), (error) =>
    error.reason !== "NotFound" ? error : new LoadCompareError({
      reason: "NotFound",
      message: `there is no baseline "${name}" (${path})`,
      hint: `keep one: skein load ... --save-baseline ${name}`
    }))
})

/** Where the baseline of that name is kept. A name is no path: it cannot lead out of the folder. */
export const baselinePath = Effect.fnUntraced(function*(folder: string, name: string) {
  const path = yield* Path.Path
  if (/^[\w][\w.-]{0,99}$/.test(name)) return path.join(folder, "load", `${name}.json`)
  return yield* new LoadCompareError({
    reason: "WrongName",
    message: `${JSON.stringify(name)} is no name of a baseline`,
    hint: "use up to 100 letters, digits, dots, dashes and underscores"
  })
})

export interface AlternateOptions<E, R> extends Compare.Options {
  /** Runs on each side. @default 5 */
  readonly pairs?: number | undefined
  /** Is told of every run that has ended; `index` begins with 0. */
  readonly onRun?:
    | ((side: "before" | "after", index: number, result: LoadResult) => Effect.Effect<void, E, R>)
    | undefined
}

export interface Alternated {
  readonly comparison: Comparison
  readonly before: ReadonlyArray<LoadResult>
  readonly after: ReadonlyArray<LoadResult>
}

/**
 * Runs two loads by turns, never both at once, and compares them. Every other pair begins with the second, so that what drifts favours
 * neither. Ends early, with what there is, when a run was interrupted.
 */
export const alternate = Effect.fn("LoadCompare.alternate")(function*<E, R, E2 = never, R2 = never>(
  before: Effect.Effect<LoadResult, E, R>,
  after: Effect.Effect<LoadResult, E, R>,
  options: AlternateOptions<E2, R2> = {}
): Effect.fn.Return<Alternated, E | E2, R | R2> {
  const results = { before: new Array<LoadResult>(), after: new Array<LoadResult>() }
  const loads = { before, after }
  for (let index = 0; index < (options.pairs ?? Compare.fewestPairs); index++) {
    for (const side of index % 2 === 0 ? ["before", "after"] as const : ["after", "before"] as const) {
      const result = yield* loads[side]
      results[side].push(result)
      if (options.onRun !== undefined) yield* options.onRun(side, index, result)
      if (result.interrupted) return { ...results, comparison: partial(results, options) }
    }
  }
  return { ...results, comparison: Compare.runs(results.before, results.after, options) }
})

/** An interrupted run stands on both sides when one of them has none. */
const partial = (
  { after, before }: { readonly before: ReadonlyArray<LoadResult>; readonly after: ReadonlyArray<LoadResult> },
  options: Compare.Options
): Comparison => Compare.runs(before.length === 0 ? after : before, after.length === 0 ? before : after, options)
