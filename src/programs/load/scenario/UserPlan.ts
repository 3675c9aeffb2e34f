/** What all virtual users of one scenario on a thread have in common: its steps in their quick form, its rows, its bounds. */
import { Duration, Effect } from "effect"
import type { NamedCode } from "../../../scenario/compile/Compiled.ts"
import type { LoadBlock } from "../../../scenario/LoadBlock.ts"
import * as GraphRun from "../../../scenario/run/GraphRun.ts"
import type * as HttpInput from "../../../scenario/steps/HttpInput.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import type { Recording } from "../figures/Recording.ts"
import type { LoadScenario } from "../LoadScenarios.ts"
import type { Share } from "../Plan.ts"
import type * as CaseUser from "./CaseUser.ts"
import * as EventFigures from "./EventFigures.ts"
import * as Fixed from "./Fixed.ts"
import * as Rows from "./Rows.ts"
import * as UserStep from "./UserStep.ts"

export interface UserPlan extends Pick<CaseUser.Options, "steps" | "whole" | "retries" | "timeoutTicks" | "first"> {
  readonly scenario: LoadScenario
  /** Where the figures of interpreted steps go. */
  readonly places: EventFigures.Options["places"]
  /** First values; those that are the same in all iterations are made. */
  readonly variables: ReadonlyArray<NamedCode>
  readonly rows: Rows.Rows
}

export interface Options {
  readonly feeder: LoadBlock["feeder"]
  readonly seed: number
  readonly share: Share
  readonly recording: Recording
  /** Whether the time of each request is told by its {@link Phases}. */
  readonly phases: boolean
}

/** Compiles a scenario for the users of a thread. Never fails: what has no quick form is interpreted. */
export const make = Effect.fnUntraced(function*(scenario: LoadScenario, options: Options) {
  const { compiled, name, tags } = scenario
  const settings = scenario.settings(() => {})
  const fixed = Fixed.ofScenario(scenario)
  const isParallel = compiled.plan !== undefined && compiled.scenario.concurrency > 1
  const context: HttpInput.Context = {
    directory: settings.directory,
    root: settings.root,
    allowOutside: settings.allowOutside,
    robogo: compiled.scenario.spelling === "robogo",
    // Asked for the jar only, and each user has its own.
    once: (_key, make) => Effect.scoped(make)
  }
  const steps = yield* UserStep.compile({
    scenario: name,
    tags,
    steps: compiled.steps,
    fixed,
    recording: options.recording,
    phases: options.phases,
    context,
    interpreted: isParallel ? "steps run at once" : undefined
  })
  const slow = steps.flatMap((step) => step.type === "interpreted" ? [step.step] : [])
  const plan: UserPlan = {
    scenario,
    steps,
    whole: isParallel ? wholeOf(scenario) : undefined,
    retries: scenario.retries,
    timeoutTicks: scenario.timeout === undefined ? Infinity : Duration.toMillis(scenario.timeout) * ticksPerMilli,
    places: EventFigures.places({ scenario: name, tags }, slow, options.recording),
    variables: scenario.variables.map((variable) => settled(variable, fixed)),
    first: () => {
      const [step] = compiled.steps
      return step === undefined
        ? undefined
        : options.recording.step({
          scenario: name,
          name: UserStep.nameOf(step),
          action: UserStep.actionOf(step),
          tags
        })
    },
    rows: Rows.make(scenario.rows, options.feeder, options.share, options.seed)
  }
  return plan
})

const settled = (variable: NamedCode, fixed: Fixed.Fixed): NamedCode => {
  const value = fixed(variable.code)
  return value === undefined ? variable : { ...variable, code: { ...variable.code, constant: value, run: () => value } }
}

/** All steps of an iteration at once, by the interpreter. */
const wholeOf = ({ compiled: { plan, scenario, steps } }: LoadScenario): UserPlan["whole"] =>
  plan === undefined ? undefined : (state) => GraphRun.steps(steps, plan, scenario.concurrency, state)
