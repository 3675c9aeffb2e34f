/** How `skein load FILE` makes virtual users, on the main thread and on others. */
import { Effect } from "effect"
import * as Config from "../programs/Config.ts"
import { Recorder } from "../programs/load/figures/Recorder.ts"
import type * as Generator from "../programs/load/Generator.ts"
import type { LoadScenario, LoadScenarioError } from "../programs/load/LoadScenarios.ts"
import type { Plan, ScenarioWork } from "../programs/load/Plan.ts"
import * as ScenarioUser from "../programs/load/ScenarioUser.ts"
import type * as Runner from "../programs/Runner.ts"
import type { BuiltinServices } from "../scenario/actions/builtin.ts"
import type { LoadClock } from "../services/LoadClock.ts"
import { bareSockets, type LoadTransport } from "../services/LoadTransport.ts"

export type Services = Runner.Needs<BuiltinServices> | LoadClock | LoadTransport

/** What scenarios are run with. */
export const runOptions = (seed: number, config: Config.Loaded) => ({
  seed,
  environment: config.environment,
  settings: Config.actionSettings(config),
  // As in `skein run`: a scenario says it, unless the user has.
  retries: config.origins.retries.source === "default" ? undefined : config.settings.retries,
  caseTimeout: config.settings.case_timeout,
  grace: config.settings.grace,
  secretsTimeout: config.settings.secrets_timeout,
  secretsTimeToLive: config.settings.secrets_ttl
})

/** The users of scenarios that are up. */
export const usersOf =
  (open: ReadonlyArray<LoadScenario>): Generator.MakeScenarioUsers<LoadScenarioError, Services> => (work, context) =>
    Effect.map(compile(open, work, context), ({ make }) => make)

/** What is slow in scenarios that are up, and how their requests go: to be told before the load. Fails with what is wrong in them. */
export const survey = Effect.fnUntraced(function*(open: ReadonlyArray<LoadScenario>, { loads, seed }: Plan) {
  const works = loads.flatMap(({ work }) => work.type === "scenario" ? [work] : [])
  const found = yield* Effect.forEach(works, (work) => compile(open, work, nobody(seed)))
  return {
    interpreted: found.flatMap(({ interpreted }) => interpreted),
    transport: transportOf(found.flatMap(({ quick }) => quick))
  }
})

const compile = (
  open: ReadonlyArray<LoadScenario>,
  work: ScenarioWork,
  { fail, figures, phases, seed, share }: Generator.UserContext
) =>
  ScenarioUser.make<BuiltinServices>({
    mix: work.mix.flatMap(({ file, weight }) => {
      const scenario = open.find((one) => one.file === file)
      return scenario === undefined ? [] : [{ scenario, weight }]
    }),
    feeder: work.feeder,
    seed,
    share,
    recording: figures,
    phases,
    exhausted: ({ message }) => fail(message)
  })

/** Users that are never made. */
const nobody = (seed: number): Generator.UserContext => ({
  figures: new Recorder([false]).loads[0]!,
  phases: undefined,
  share: { index: 0, of: 1 },
  seed,
  fail: () => {}
})

const transportOf = (quick: ScenarioUser.Users<never>["quick"]): string => {
  const byReason = Map.groupBy(quick, ({ because }) => because)
  const sockets = byReason.has(undefined) ? [bareSockets] : []
  const undici = [...byReason].flatMap(([because, steps]) => {
    const names = quick.length === steps.length ? "" : ` for ${steps.map(({ step }) => step).join(", ")}`
    return because === undefined ? [] : [`undici${names}: ${because}`]
  })
  return quick.length === 0 ? "the clients of skein run" : [...sockets, ...undici].join("; ")
}
