/** One load from its plan to its exit code, whatever is loaded: shown, reported, compared with a baseline and kept as one. */
import { Effect, Option } from "effect"
import { Masking } from "../core/Masking.ts"
import * as Summary from "../programs/load/figures/Summary.ts"
import type { LoadResult } from "../programs/load/LoadResult.ts"
import type { Plan } from "../programs/load/Plan.ts"
import * as LoadTest from "../programs/LoadTest.ts"
import { bareSockets } from "../services/LoadTransport.ts"
import * as ExitCode from "./ExitCode.ts"
import type { LoadFlags } from "./load.ts"
import * as LoadReports from "./LoadReports.ts"
import * as LoadView from "./LoadView.ts"
import * as Output from "./Output.ts"

interface Prepared<E, R>
  extends Pick<LoadTest.Options<E, R>, "known" | "target" | "transport" | "scenarios" | "handed">
{
  readonly plan: Plan
}

export const measure = Effect.fnUntraced(function*<E, R>(
  { plan, ...options }: Prepared<E, R>,
  flags: LoadFlags,
  targets: Effect.Success<ReturnType<typeof LoadReports.targets>>,
  baseline: LoadResult | undefined
) {
  yield* sayTransport(options.transport)
  const masking = yield* Masking
  const about = masking.deep({ name: plan.name, target: options.target, model: Summary.modelOf(plan) })
  const result = yield* Effect.gen(function*() {
    const { end, observe } = yield* LoadView.open(about, { dashboard: flags.dashboard })
    const result = yield* LoadTest.run(plan, { ...options, observe })
    yield* end(result)
    return result
  }).pipe(Effect.scoped)
  const code = yield* LoadReports.finish(result, targets)
  const compared = baseline === undefined
    ? ExitCode.ok
    : yield* withBaselines(({ compare }) => compare(baseline, result, flags))
  const { saveBaseline } = flags
  if (Option.isSome(saveBaseline)) yield* withBaselines(({ keep }) => keep(flags, saveBaseline.value, result))
  return code === ExitCode.ok ? compared : code
})

/** Before the load, since another way of sending makes other figures. */
export const sayTransport = (transport: string = bareSockets) =>
  transport.includes("undici")
    ? Output.note(`sent over ${transport} (undici is slower than bare sockets)`)
    : Effect.void

/** Before anything runs, so that a name that is wrong or not there costs nothing. */
export const baselineOf = Effect.fnUntraced(function*(flags: LoadFlags) {
  if (Option.isNone(flags.baseline) && Option.isSome(flags.margin)) {
    return yield* ExitCode.wrongUsage("--margin is about a comparison", "name what to compare with: --baseline name")
  }
  if (Option.isNone(flags.baseline) && Option.isNone(flags.saveBaseline)) return undefined
  return yield* withBaselines(({ find }) => find(flags))
})

const withBaselines = <A, E, R>(use: (baselines: typeof import("./LoadBaselines.ts")) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.promise(() => import("./LoadBaselines.ts")), use)
