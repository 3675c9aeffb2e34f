/** What `skein load` does once its flags are read. Scenarios and baselines are loaded when they are asked for: a URL is to start at once. */
import { Duration, Effect, FileSystem, Layer, Option, Path } from "effect"
import { Masking } from "../core/Masking.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import type { LoadFlags } from "./load.ts"
import * as LoadPlan from "./LoadPlan.ts"
import * as LoadReports from "./LoadReports.ts"
import { Machine } from "./Machine.ts"
import * as MeasureLoad from "./measureLoad.ts"
import * as Stop from "./Stop.ts"

/** Makes the load, prints what came of it, and answers with the exit code. */
export const execute = Effect.fnUntraced(function*(flags: LoadFlags) {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(flags.target)?.[1]
  if (scheme === undefined) {
    yield* refuseBareHost(flags.target)
    return yield* Effect.flatMap(Effect.promise(() => import("./runLoadFiles.ts")), ({ execute }) => execute(flags))
  }
  if (flags.more.length > 0) {
    return yield* ExitCode.wrongUsage(
      "one URL is loaded at a time",
      "a scenario may send to several, and skein load compare loads two by turns"
    )
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

/** `127.0.0.1:8080/` is meant as a URL, unless there is a file of that name. */
const refuseBareHost = Effect.fnUntraced(function*(target: string) {
  if (!/^(?:localhost|[\w.-]+(?=:\d)|\d+(?:\.\d+){3})(?::\d+)?(?:\/|$)/i.test(target)) return
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  if (yield* (yield* FileSystem.FileSystem).exists(resolve(directory, target))) return
  return yield* ExitCode.wrongUsage(
    `${target} is no file, and without its scheme no URL`,
    `write it as http://${target}`
  )
})

const ofUrl = Effect.fnUntraced(function*(flags: LoadFlags) {
  const { load } = yield* Machine
  const targets = yield* LoadReports.targets(flags.report)
  const prepared = yield* LoadPlan.ofUrl(flags)
  const baseline = yield* MeasureLoad.baselineOf(flags)
  // The load ends within its graceful stop by itself; this is for when it hangs.
  const limit = Duration.millis(prepared.plan.gracefulStopMillis + 5_000)
  return yield* LoadPlan.withSecrets(
    prepared.secrets,
    MeasureLoad.measure<never, never>(prepared, flags, targets, baseline)
  ).pipe(
    LoadPlan.orByFlags,
    Effect.provide(Layer.provideMerge(load, Masking.layer)),
    Stop.within(limit)
  )
})
