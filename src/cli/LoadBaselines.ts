/** Results of loads that are kept by name, for others to be compared with. */
import { Console, Effect, Option } from "effect"
import * as Compare from "../programs/load/compare/Compare.ts"
import type { LoadResult } from "../programs/load/LoadResult.ts"
import * as Outcome from "../programs/load/report/Outcome.ts"
import * as LoadCompare from "../programs/LoadCompare.ts"
import * as CompareLoads from "./compareLoads.ts"
import * as ExitCode from "./ExitCode.ts"
import type { LoadFlags } from "./load.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import * as Settings from "./Settings.ts"

const folderOf = (flags: Pick<LoadFlags, "config" | "env" | "envFile">) =>
  Effect.map(
    Reading.configuration({ ...Reading.noFlags, config: flags.config, env: flags.env, envFile: flags.envFile }),
    ({ settings }) => settings["history.folder"]
  )

/** The baseline that is compared with. Fails too when the name under which the result is to be kept is none. */
export const find = Effect.fnUntraced(function*({ baseline, saveBaseline, ...flags }: LoadFlags) {
  const folder = yield* folderOf(flags)
  if (Option.isSome(saveBaseline)) {
    yield* Effect.mapError(LoadCompare.baselinePath(folder, saveBaseline.value), CompareLoads.asUsage)
  }
  if (Option.isNone(baseline)) return undefined
  return yield* Effect.mapError(LoadCompare.baseline(folder, baseline.value), CompareLoads.asUsage)
})

/** Beside the result: on stdout for people, on stderr where something else has stdout. */
export const compare = Effect.fnUntraced(function*(baseline: LoadResult, result: LoadResult, flags: LoadFlags) {
  const comparison = Compare.runs([baseline], [result], { margin: Option.getOrUndefined(flags.margin) })
  const isText = (yield* Settings.Format) === "text" && !flags.report.some((text) => text.endsWith("=-"))
  const lines = yield* CompareLoads.linesOf(comparison, isText ? "stdout" : "stderr")
  yield* (isText ? Console.log : Console.error)(["", ...lines].join("\n"))
  return CompareLoads.codeOf(comparison)
})

/** What cannot be believed, or was cut short, is nothing to compare with. */
export const keep = Effect.fnUntraced(function*(flags: LoadFlags, name: string, result: LoadResult) {
  const outcome = Outcome.of(result)
  if (outcome !== "passed" && outcome !== "failed") {
    return yield* Console.error(`warning: the result is not kept as baseline: ${Outcome.sentence(result)}`)
  }
  const path = yield* Effect.mapError(
    LoadCompare.saveBaseline(yield* folderOf(flags), name, result),
    ({ message }) => new ExitCode.CommandError({ code: ExitCode.unavailable, message })
  )
  yield* Output.note(`baseline ${name}: ${path}`)
})
