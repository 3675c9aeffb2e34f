/** What `skein load` does with scenarios. */
import { Duration, Effect } from "effect"
import { defaults } from "../scenario/LoadSettings.ts"
import type { LoadFlags } from "./load.ts"
import * as LoadFiles from "./loadFiles.ts"
import * as LoadReports from "./LoadReports.ts"
import { Machine } from "./Machine.ts"
import * as MeasureLoad from "./measureLoad.ts"
import * as Reading from "./Reading.ts"
import * as Stop from "./Stop.ts"

/** Scenarios have what they have in `skein run`: configuration, own actions, services; setup and teardown stand around the load. */
export const execute = Effect.fnUntraced(function*(flags: LoadFlags) {
  const { load } = yield* Machine
  const targets = yield* LoadReports.targets(flags.report)
  const config = yield* Reading.configuration(flags)
  const baseline = yield* MeasureLoad.baselineOf(flags)
  const limit = Duration.sum(config.settings.grace, Duration.millis(defaults.gracefulStopMillis + 5_000))
  return yield* LoadFiles.prepare(flags, config).pipe(
    Effect.flatMap((prepared) => MeasureLoad.measure(prepared, flags, targets, baseline)),
    Effect.scoped,
    Effect.provide(load),
    Reading.withMachine(config),
    Stop.within(limit)
  )
})
