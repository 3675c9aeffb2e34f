/**
 * Virtual users that run the steps of scenarios: one Effect fiber each, asleep while requests come and go by callbacks.
 *
 * `scenario/CaseUser` has the loop, `scenario/UserPlan` what users of one scenario have in common; `LoadScenarios` what stands once
 * around all users.
 */
import { Clock, Context, Duration, Effect, Layer, Option, type Scope } from "effect"
import { Masking } from "../../core/Masking.ts"
import * as RobogoMasking from "../../scenario/robogo/RobogoMasking.ts"
import type { StepServices } from "../../scenario/run/Attempt.ts"
import { CaseState, hash } from "../../scenario/run/CaseState.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as Snapshots from "../../scenario/run/Snapshots.ts"
import * as HttpInput from "../../scenario/steps/HttpInput.ts"
import * as CookieJar from "../../services/http/CookieJar.ts"
import { LoadClock } from "../../services/LoadClock.ts"
import { LoadTransport, type LoadTransportError } from "../../services/LoadTransport.ts"
import type * as Runner from "../Runner.ts"
import type { PhaseRecorder } from "./figures/PhaseRecorder.ts"
import { type LoadScenario, LoadScenarioError } from "./LoadScenarios.ts"
import { CaseUser } from "./scenario/CaseUser.ts"
import { EventFigures } from "./scenario/EventFigures.ts"
import * as Mix from "./scenario/Mix.ts"
import { Reach } from "./scenario/Reach.ts"
import { SideWork } from "./scenario/SideWork.ts"
import { UserConnections } from "./scenario/UserConnections.ts"
import * as UserPlan from "./scenario/UserPlan.ts"
import * as UserStep from "./scenario/UserStep.ts"
import type { Done, MakeUser, VirtualUser } from "./VirtualUser.ts"

export interface Options extends Omit<UserPlan.Options, "phases"> {
  readonly mix: ReadonlyArray<{ readonly scenario: LoadScenario; readonly weight: number }>
  /** Takes the phases of requests of the quick form. @default nobody, and none are measured */
  readonly phases?: PhaseRecorder | undefined
  /** The rows of a scenario are used up, where each is given out once: the load has to end. */
  readonly exhausted: (error: LoadScenarioError) => void
}

export interface Users<R> {
  readonly make: MakeUser<LoadScenarioError, R>
  /** Steps that the interpreter runs, which is slower, and why: to be told before the load. */
  readonly interpreted: ReadonlyArray<{ readonly scenario: string; readonly step: string; readonly because: string }>
  /** All others: `because` says why their requests go over undici, and is `undefined` where they go over bare sockets. */
  readonly quick: ReadonlyArray<{ readonly step: string; readonly because: string | undefined }>
}

type Needs<R> = Runner.Needs<R> | LoadClock | LoadTransport

/** What users of this thread share. */
interface Crew {
  /** Of the load. */
  readonly scope: Scope.Scope
  readonly options: Options
  readonly plans: ReadonlyArray<UserPlan.UserPlan>
  /** The plan of an iteration. */
  readonly pick: (iteration: number) => number
  /** Whether some of the users have a time-out. */
  readonly isTimed: boolean
  readonly users: Array<CaseUser>
}

/** How often time-outs are looked at. */
const sweepMillis = 10

/**
 * Compiles scenarios for the users of this thread, which end with the scope. Snapshots and contracts are shared by all of them. Time-outs
 * of iterations are kept to some 10 ms.
 */
export const make = Effect.fn("ScenarioUser.make")(function*<R>(options: Options) {
  const own = yield* Layer.build(Layer.fresh(Layer.merge(Contract.layer, Snapshots.layer({ writeMissing: false }))))
  const plans = yield* Effect.provideContext(
    Effect.forEach(
      options.mix,
      ({ scenario }) => UserPlan.make(scenario, { ...options, phases: options.phases !== undefined })
    ),
    own
  )
  const crew: Crew = {
    scope: yield* Effect.scope,
    options,
    plans,
    pick: Mix.make(options.mix.map(({ weight }) => weight)),
    isTimed: plans.some(({ timeoutTicks }) => timeoutTicks < Infinity),
    users: []
  }
  const withOwn = mergedOnce<Contract.Contracts | Snapshots.Snapshots, Needs<R> | Scope.Scope>(own)
  const users: Users<Needs<R>> = {
    make: (number, done) => Effect.updateContext(makeUser(number, done, crew), withOwn),
    interpreted: plans.flatMap(({ scenario, steps }) =>
      steps.flatMap((step) =>
        step.type === "http" ? [] : [{
          scenario: scenario.name,
          step: UserStep.nameOf(step.step),
          because: step.because
        }]
      )
    ),
    quick: plans.flatMap(({ steps }) =>
      steps.flatMap((step) =>
        step.type === "http" ? [{ step: UserStep.nameOf(step.step), because: step.requests.because }] : []
      )
    )
  }
  return users
})

const sweeping = (users: ReadonlyArray<CaseUser>, now: () => number): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(
    Effect.sleep(Duration.millis(sweepMillis)),
    Effect.sync(() => {
      const at = now()
      for (const user of users) user.sweep(at)
    })
  ))

/** Adds `own` to a context. Users have theirs for all of the load: those of one context get one object. */
const mergedOnce = <Own, Outer>(own: Context.Context<Own>) => {
  let last: { readonly outer: Context.Context<Outer>; readonly merged: Context.Context<Outer | Own> } | undefined
  return (outer: Context.Context<Outer>): Context.Context<Outer | Own> => {
    if (last?.outer !== outer) last = { outer, merged: Context.merge(outer, own) }
    return last.merged
  }
}

/** What one user has in all of its scenarios. */
interface Seat {
  readonly number: number
  readonly scope: Scope.Scope
  readonly clock: LoadClock["Service"]
  readonly transport: LoadTransport["Service"]
  readonly wallClock: Clock.Clock
  readonly side: SideWork<StepServices>
  readonly isSecret: (value: string) => boolean
  readonly done: Done
}

const makeUser = Effect.fnUntraced(function*(number: number, done: Done, crew: Crew) {
  const { options: { exhausted, seed }, pick, plans } = crew
  const clock = yield* LoadClock
  const masking = yield* Effect.serviceOption(Masking)
  const side = new SideWork<StepServices>(crew.isTimed)
  const seat: Seat = {
    number,
    scope: yield* Effect.scope,
    clock,
    transport: yield* LoadTransport,
    wallClock: yield* Clock.Clock,
    side,
    isSecret: (value) => Option.isSome(masking) && masking.value.find(value).length > 0,
    done
  }
  let running: CaseUser | undefined
  yield* Effect.forkIn(side.loop((cause) => running?.broke(cause)), seat.scope)
  const users = yield* Effect.forEach(
    plans,
    (plan) => Effect.map(makeCaseUser(plan, seat, crew), (user) => ({ user, iterations: 0 }))
  )
  const ofLoad = hash(`${seed}`)

  const virtualUser: VirtualUser = {
    start: (iteration, intended, started) => {
      const place = pick(iteration)
      const { rows, scenario } = plans[place]!
      const one = users[place]!
      const row = rows.next(number, iteration)
      if (row === undefined) {
        exhausted(usedUp(scenario))
        return side.run(Effect.andThen(Effect.yieldNow, Effect.sync(() => done(false, clock.now()))))
      }
      running = one.user
      one.iterations++
      one.user.begin(intended, started, {
        row: row.value,
        rowIndex: row.index,
        seed: ofLoad ^ Math.imul(iteration + 1, 0x9e3779b1),
        iteration: one.iterations
      })
    }
  }
  return virtualUser
})

/** A user in one of its scenarios. The first user of all tries out the ways to the targets. */
const makeCaseUser = Effect.fnUntraced(function*(plan: UserPlan.UserPlan, seat: Seat, crew: Crew) {
  const { scenario, steps } = plan
  const { clock, number, scope } = seat
  const reach = new Reach()
  const figures = new EventFigures({ places: plan.places, clock, reach, mask: scenario.settings(() => {}).mask })
  const state = stateOf(plan, figures, seat, crew.options)
  const connections = new UserConnections(seat.transport, scope)
  yield* connections.prepare(steps)
  if (number === 0) {
    yield* Effect.mapError(connections.tryOut(steps), ({ error, step }) => noWay(scenario, step, error))
  }
  const user = new CaseUser({
    ...plan,
    state,
    jar: yield* state.once(HttpInput.jarKey, CookieJar.make),
    figures,
    phases: crew.options.phases,
    reach,
    clock,
    connections,
    side: seat.side,
    isSecret: seat.isSecret,
    done: seat.done
  })
  if (crew.isTimed && crew.users.length === 0) yield* Effect.forkIn(sweeping(crew.users, clock.now), crew.scope)
  crew.users.push(user)
  return user
})

const stateOf = (
  { places, scenario, variables }: UserPlan.UserPlan,
  figures: EventFigures,
  { number, scope, wallClock }: Seat,
  { recording, seed }: Options
): CaseState => {
  const isRobogo = scenario.compiled.scenario.spelling === "robogo"
  const state = new CaseState({
    settings: {
      ...scenario.settings((event) => figures.hear(event)),
      seed: hash(`${seed} ${number}`),
      measure: ({ kind, name }, value) => recording.metric(name, kind).add(value),
      // Of an interpreted exchange the status is found in what it would leave for a report.
      keepExchanges: [...places.values()].some(({ action }) => action === "http")
    },
    scope,
    clock: wallClock,
    variables,
    values: scenario.values,
    row: undefined,
    rowIndex: 0,
    robogo: isRobogo,
    masking: isRobogo ? RobogoMasking.make(scenario.compiled.steps) : undefined,
    vu: number + 1
  })
  state.phase = "steps"
  Object.assign(state.secrets, scenario.secrets)
  for (const [name, read] of scenario.mocks) state.mocks.set(name, read)
  return state
}

const noWay = (
  { name }: LoadScenario,
  { step }: UserStep.HttpUserStep,
  { hint, message }: LoadTransportError
): LoadScenarioError =>
  new LoadScenarioError({
    scenario: name,
    reason: "way",
    detail: `step "${UserStep.nameOf(step)}": ${message}`,
    ...(hint === undefined ? {} : { hint })
  })

const usedUp = ({ name, rows }: LoadScenario): LoadScenarioError =>
  new LoadScenarioError({
    scenario: name,
    reason: "data",
    detail: `all ${
      rows?.length ?? 0
    } rows of its data are used up: give it more rows, fewer iterations, or a feeder that begins again (feeder: sequential)`
  })
