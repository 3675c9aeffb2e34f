/** What `skein load` does once its flags are read. Scenarios and baselines are loaded when they are asked for: a URL is to start at once. */
import { Duration, Effect, Layer, Option } from "effect"
import { Masking } from "../core/Masking.ts"
import * as ExitCode from "./ExitCode.ts"
import type { LoadFlags } from "./load.ts"
import * as LoadPlan from "./LoadPlan.ts"
import * as LoadReports from "./loadReports.ts"
import { Machine } from "./Machine.ts"
import * as MeasureLoad from "./measureLoad.ts"
import * as Stop from "./Stop.ts"

/** Makes the load, prints what came of it, and answers with the exit code. */
export const execute = Effect.fnUntraced(function*(flags: LoadFlags) {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(flags.target)?.[1]
  if (scheme === undefined) {
    return yield* Effect.flatMap(Effect.promise(() => import("./runLoadFiles.ts")), ({ execute }) => execute(flags))
  }
  if (flags.more.length > 0) {
    return yield* ExitCode.wrongUsage("one URL is loaded at a time", "a scenario may send to several")
  }
  const stray = [flags.vus, flags.iterations].some(Option.isSome)
  if (stray) {
    return yield* ExitCode.wrongUsage(
      "--vus and --iterations are for scenarios",
      "a URL has --connections and --requests"
    )
  }
  return yield* ofUrl(flags)
})

const ofUrl = Effect.fnUntraced(function*(flags: LoadFlags) {
  const { load } = yield* Machine
  const targets = yield* LoadReports.targets(flags.report)
  const prepared = yield* LoadPlan.ofUrl(flags)
  const baseline = yield* MeasureLoad.baselineOf(flags)
  // The load ends within its graceful stop by itself; this is for when it hangs.
  const limit = Duration.millis(prepared.plan.gracefulStopMillis + 5_000)
  return yield* LoadPlan.withSecrets(
    flags,
    prepared.handed,
    MeasureLoad.measure<never, never>(prepared, flags, targets, baseline)
  ).pipe(
    Effect.provide(Layer.provideMerge(load, Masking.layer)),
    Stop.within(limit)
  )
})
