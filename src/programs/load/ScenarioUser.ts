/**
 * Virtual users that run the steps of scenarios: one Effect fiber each, asleep while requests come and go by callbacks.
 *
 * `scenario/CaseUser` has the loop; `LoadScenarios` what stands once around all users.
 */
import { Clock, Context, Effect, Layer, Option } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import { Masking } from "../../core/Masking.ts"
import type { CompiledScenario, CompiledStep } from "../../scenario/compile/Compiled.ts"
import type { LoadBlock } from "../../scenario/LoadBlock.ts"
import * as RobogoMasking from "../../scenario/robogo/RobogoMasking.ts"
import { CaseState, hash } from "../../scenario/run/CaseState.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as GraphRun from "../../scenario/run/GraphRun.ts"
import * as Snapshots from "../../scenario/run/Snapshots.ts"
import * as Failures from "../../scenario/run/StepFailure.ts"
import * as StepRun from "../../scenario/run/StepRun.ts"
import * as HttpInput from "../../scenario/steps/HttpInput.ts"
import * as CookieJar from "../../services/http/CookieJar.ts"
import { LoadClock } from "../../services/LoadClock.ts"
import { LoadTransport } from "../../services/LoadTransport.ts"
import type * as Runner from "../Runner.ts"
import { type LoadScenario, LoadScenarioError } from "./LoadScenarios.ts"
import type * as Metrics from "./Metrics.ts"
import type { Share } from "./Plan.ts"
import type { Recording, StepRecording } from "./Recording.ts"
import { CaseUser, type Services } from "./scenario/CaseUser.ts"
import * as Fixed from "./scenario/Fixed.ts"
import * as Mix from "./scenario/Mix.ts"
import * as Rows from "./scenario/Rows.ts"
import { SideWork } from "./scenario/SideWork.ts"
import * as StepFigures from "./scenario/StepFigures.ts"
import * as UserStep from "./scenario/UserStep.ts"
import type { Done, MakeUser, VirtualUser } from "./VirtualUser.ts"

export interface Options {
  readonly mix: ReadonlyArray<{ readonly scenario: LoadScenario; readonly weight: number }>
  readonly feeder: LoadBlock["feeder"]
  readonly seed: number
  readonly share: Share
  readonly recording: Recording
  /** The rows of a scenario are used up, where each is given out once: the load has to end. */
  readonly exhausted: (error: LoadScenarioError) => void
}

export interface Users<R> {
  readonly make: MakeUser<LoadScenarioError, R>
  /** Steps that the interpreter runs, which is slower, and why: to be told before the load. */
  readonly interpreted: ReadonlyArray<{ readonly scenario: string; readonly step: string; readonly because: string }>
}

/** Compiles scenarios for the users of this thread. Snapshots and contracts are shared by all of them. */
export const make = Effect.fn("ScenarioUser.make")(function*<R>(options: Options) {
  const own = yield* Layer.build(Layer.fresh(Layer.merge(Contract.layer, Snapshots.layer({ writeMissing: false }))))
  const scenarios = yield* Effect.provideContext(
    Effect.forEach(options.mix, ({ scenario }) => compile(scenario, options)),
    own
  )
  const withOwn = mergedOnce(own)
  const pick = Mix.make(options.mix.map(({ weight }) => weight))
  const users: Users<Runner.Needs<R> | LoadClock | LoadTransport> = {
    make: (number, done) => Effect.updateContext(makeUser(number, done, scenarios, pick, options), withOwn),
    interpreted: scenarios.flatMap(({ scenario, steps }) =>
      steps.flatMap((step) =>
        step.type === "http" ? [] : [{
          scenario: scenario.name,
          step: UserStep.nameOf(step.step),
          because: step.because
        }]
      )
    )
  }
  return users
})

/** Adds `own` to a context. Users have theirs for all of the load: those of one context get one object. */
const mergedOnce = <Own>(own: Context.Context<Own>) => {
  let last: Context.Context<never> | undefined
  let merged: Context.Context<never> = Context.empty()
  return <R>(context: Context.Context<R>): Context.Context<R | Own> => {
    if (last !== context) {
      last = context
      merged = Context.merge(context, own)
    }
    return merged as Context.Context<R | Own>
  }
}

/** What thresholds can speak of. */
export const knownOf = (scenarios: ReadonlyArray<CompiledScenario>): Metrics.Known => {
  const steps = scenarios.flatMap((scenario) => UserStep.deep(scenario.steps))
  return {
    actions: [...new Set(["http", ...steps.map(actionOf)])],
    steps: steps.map(UserStep.nameOf),
    tags: scenarios.flatMap(({ scenario }) => scenario.tags),
    scenarios: scenarios.map(({ scenario }) => scenario.name),
    metrics: [...new Set(steps.flatMap(({ metrics }) => metrics.map(({ name }) => name)))]
  }
}

/** A metric that files measure by different kinds, and these. */
export const metricClash = (scenarios: ReadonlyArray<CompiledScenario>) => {
  const kinds = new Map<string, string>()
  for (
    const { kind, name } of scenarios.flatMap(({ steps }) => UserStep.deep(steps)).flatMap(({ metrics }) => metrics)
  ) {
    const before = kinds.get(name) ?? kind
    if (before !== kind) return `${name} is a ${before} in one file and a ${kind} in another`
    kinds.set(name, kind)
  }
  return undefined
}

interface Compiled {
  readonly scenario: LoadScenario
  readonly steps: ReadonlyArray<UserStep.UserStep>
  readonly places: ReturnType<typeof StepFigures.places>
  readonly variables: LoadScenario["variables"]
  readonly rows: Rows.Rows
  readonly first: () => StepRecording | undefined
  readonly whole: ConstructorParameters<typeof CaseUser>[0]["whole"]
}

const compile = Effect.fnUntraced(function*(scenario: LoadScenario, options: Options) {
  const { compiled, name, tags } = scenario
  const { concurrency, timeout } = compiled.scenario
  const settings = scenario.settings(() => {})
  const fixed = Fixed.make({
    environment: settings.environment,
    secrets: scenario.secrets,
    mocks: scenario.mocks,
    variables: scenario.variables,
    values: scenario.values,
    steps: compiled.steps
  })
  const interpreted = timeout !== undefined
    ? "of the time-out of the scenario"
    : compiled.plan !== undefined && concurrency > 1
    ? "steps run at once"
    : undefined
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
    context,
    interpreted
  })
  const slow = steps.flatMap((step) => step.type === "interpreted" ? [step.step] : [])
  const ready: Compiled = {
    scenario,
    steps,
    places: StepFigures.places({ scenario: name, tags }, slow, options.recording),
    variables: scenario.variables.map((variable) => {
      const value = fixed(variable.code)
      return value === undefined
        ? variable
        : { ...variable, code: { ...variable.code, constant: value, run: () => value } }
    }),
    first: () => {
      const step = compiled.steps[0]
      return step === undefined ? undefined : options.recording.step({
        scenario: name,
        name: UserStep.nameOf(step),
        action: actionOf(step),
        tags
      })
    },
    rows: Rows.make(scenario.rows, options.feeder, options.share, options.seed),
    whole: interpreted === undefined ? undefined : wholeOf(scenario)
  }
  return ready
})

const actionOf = ({ body }: CompiledStep): string => body._tag === "Call" ? body.action.name : body._tag.toLowerCase()

/** All steps of an iteration at once, by the interpreter. */
const wholeOf = ({ compiled }: LoadScenario): Compiled["whole"] => (state) => {
  const { concurrency } = compiled.scenario
  const { timeout } = compiled
  const steps = compiled.plan === undefined
    ? StepRun.sequence(compiled.steps, state)
    : GraphRun.steps(compiled.steps, compiled.plan, concurrency, state)
  return timeout === undefined ? steps : Effect.timeoutOrElse(steps, {
    duration: timeout,
    orElse: () => {
      const message = `the iteration did not end within ${DurationText.format(timeout)}`
      const failures = [Failures.failure({ kind: "error", reason: "timeout", message })]
      return Effect.succeed<StepRun.Outcome>({ status: "error", output: null, failures, stops: true })
    }
  })
}

const makeUser = Effect.fnUntraced(function*(
  number: number,
  done: Done,
  scenarios: ReadonlyArray<Compiled>,
  pick: (iteration: number) => number,
  options: Options
) {
  const scope = yield* Effect.scope
  const clock = yield* LoadClock
  const transport = yield* LoadTransport
  const wallClock = yield* Clock.Clock
  const masking = yield* Effect.serviceOption(Masking)
  const isSecret = (value: string) => Option.isSome(masking) && masking.value.find(value).length > 0
  const side = new SideWork<Services>()
  let running: CaseUser | undefined
  yield* Effect.forkIn(side.loop((cause) => running?.broke(cause)), scope)

  const userOf = Effect.fnUntraced(function*({ first, places, scenario, steps, variables, whole }: Compiled) {
    const figures = new StepFigures.StepFigures(places, clock, scenario.settings(() => {}).mask)
    const { spelling } = scenario.compiled.scenario
    const sendsHttp = [...places.values()].some(({ action }) => action === "http")
    const state = new CaseState({
      settings: {
        ...scenario.settings((event) => figures.hear(event)),
        seed: hash(`${options.seed} ${number}`),
        measure: ({ kind, name }, value) => options.recording.metric(name, kind).add(value),
        // Of an interpreted exchange the status is found in what it would leave for a report.
        keepExchanges: sendsHttp
      },
      scope,
      clock: wallClock,
      variables,
      values: scenario.values,
      row: undefined,
      rowIndex: 0,
      robogo: spelling === "robogo",
      masking: spelling === "robogo" ? RobogoMasking.make(scenario.compiled.steps) : undefined,
      vu: number + 1
    })
    state.phase = "steps"
    Object.assign(state.secrets, scenario.secrets)
    for (const [name, read] of scenario.mocks) state.mocks.set(name, read)
    const user = new CaseUser({
      steps,
      whole,
      state,
      jar: yield* state.once(HttpInput.jarKey, CookieJar.make),
      figures,
      first,
      clock,
      transport,
      side,
      scope,
      isSecret,
      done
    })
    yield* user.prepare
    return { user, state, iterations: 0 }
  })
  const users = yield* Effect.forEach(scenarios, userOf)

  const virtualUser: VirtualUser = {
    start: (iteration, intended, started) => {
      const place = pick(iteration)
      const { rows, scenario } = scenarios[place]!
      const one = users[place]!
      const row = rows.next(number, iteration)
      if (row === undefined) {
        options.exhausted(usedUp(scenario))
        return side.run(Effect.andThen(Effect.yieldNow, Effect.sync(() => done(false, clock.now()))))
      }
      running = one.user
      one.iterations++
      one.user.begin(intended, started, {
        row: row.value,
        rowIndex: row.index,
        seed: hash(`${options.seed}`) ^ Math.imul(iteration + 1, 0x9e3779b1),
        iteration: one.iterations
      })
    }
  }
  return virtualUser
})

const usedUp = ({ name, rows }: LoadScenario): LoadScenarioError =>
  new LoadScenarioError({
    scenario: name,
    reason: "data",
    detail: `all ${rows?.length ?? 0} rows of its data are used up`,
    hint: "Give it more rows, fewer iterations, or a feeder that begins again: `feeder: sequential`"
  })
