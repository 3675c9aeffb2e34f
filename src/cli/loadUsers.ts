/** How `skein load FILE` makes virtual users, on the main thread and on others. */
import { Effect, type Scope } from "effect"
import * as Config from "../programs/Config.ts"
import type * as Generator from "../programs/load/Generator.ts"
import type { LoadScenario, LoadScenarioError } from "../programs/load/LoadScenarios.ts"
import type { ScenarioWork } from "../programs/load/Plan.ts"
import * as ScenarioUser from "../programs/load/ScenarioUser.ts"
import type * as Runner from "../programs/Runner.ts"
import type { BuiltinServices } from "../scenario/actions/builtin.ts"
import type { LoadClock } from "../services/LoadClock.ts"
import type { LoadTransport } from "../services/LoadTransport.ts"

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

/** The users of scenarios that are up. `tell` hears which steps are slow. */
export const usersOf = (
  open: ReadonlyArray<LoadScenario>,
  tell: (interpreted: ScenarioUser.Users<never>["interpreted"]) => Effect.Effect<void> = () => Effect.void
) =>
(
  work: ScenarioWork,
  { fail, figures, phases, seed, share }: Generator.UserContext
): Effect.Effect<ScenarioUser.Users<Services>["make"], LoadScenarioError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const { interpreted, make } = yield* ScenarioUser.make<BuiltinServices>({
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
    yield* tell(interpreted)
    return make
  })
