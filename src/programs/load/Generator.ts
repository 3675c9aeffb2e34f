/**
 * One thread's part of a load: opens its virtual users, starts their iterations, and hands out a frame a second until all is over.
 *
 * Where it runs (in the main thread, in a worker) is the business of the `Port`; what the frames say, that of `figures/Totals`.
 */
import { Deferred, Effect, Fiber, FiberHandle, Option, Schema, type Scope } from "effect"
import { Masking } from "../../core/Masking.ts"
import { GeneratorHealth, type Watch } from "../../services/GeneratorHealth.ts"
import { type Alarm, LoadClock, ticksPerMilli, ticksPerSecond } from "../../services/LoadClock.ts"
import { type Counters, LoadTransport, type LoadTransportError } from "../../services/LoadTransport.ts"
import * as Arrivals from "./executors/Arrivals.ts"
import { ClosedExecutor } from "./executors/ClosedExecutor.ts"
import * as Curve from "./executors/Curve.ts"
import type { Executor, Surroundings } from "./executors/Executor.ts"
import * as Executors from "./executors/Executors.ts"
import { OpenExecutor } from "./executors/OpenExecutor.ts"
import * as Frame from "./figures/Frame.ts"
import type { PhaseRecorder } from "./figures/PhaseRecorder.ts"
import { type LoadRecorder, Recorder } from "./figures/Recorder.ts"
import type { Load, Plan, ScenarioWork, Share } from "./Plan.ts"
import * as UrlUser from "./UrlUser.ts"
import type { MakeUser, VirtualUser } from "./VirtualUser.ts"

/** Plain data, handed to the thread that does it. */
export interface Work {
  readonly plan: Plan
  readonly share: Share
  /** What whoever makes users has to know beside the plan, which is shown in reports. */
  readonly handed?: Schema.Json | undefined
}

export interface Options<E, R> extends Work {
  /** Makes the users of loads that run scenarios. */
  readonly scenarios: MakeScenarioUsers<E, R>
}

/** How a generator is told to begin and to stop, and where its frames go. */
export interface Port {
  /** Called when all users are ready; answers with the moment at which the load begins, in milliseconds of Unix time. */
  readonly begin: Effect.Effect<number>
  /** Waits until somebody wants it to stop. */
  readonly stop: Effect.Effect<void>
  readonly send: (frame: Uint8Array<ArrayBuffer>) => Effect.Effect<void>
}

/** Makes the users of a load that runs scenarios. What they open ends with the scope. */
export type MakeScenarioUsers<E, R> = (
  work: ScenarioWork,
  context: UserContext
) => Effect.Effect<MakeUser<E, R>, E, R | Scope.Scope>

export interface UserContext {
  readonly figures: LoadRecorder
  readonly phases: PhaseRecorder | undefined
  readonly share: Share
  readonly seed: number
  /** Ends the whole run with a reason: rows that are used up. */
  readonly fail: (reason: string) => void
}

/** Why a load cannot go on. Failures of requests are figures, not errors. */
export class LoadError extends Schema.TaggedError<LoadError>()("LoadError", {
  /** Setup: nothing was started. Data: the rows of a feeder are used up. Worker: a thread broke down. */
  reason: Schema.Literals(["Setup", "Data", "Worker"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {}

/** Runs until the load has ended by itself or was stopped. Interruption ends it at once, without a last frame. */
export const run = Effect.fnUntraced(function*<E, R>(options: Options<E, R>, port: Port) {
  const { plan } = options
  const clock = yield* LoadClock
  const health = yield* GeneratorHealth
  const transport = yield* LoadTransport
  const recorder = new Recorder(plan.loads.map(({ executor }) => Executors.isOpen(executor)))
  const failed = yield* Deferred.make<never, LoadError>()
  const crews = yield* Effect.forEach(plan.loads, (load, index) => crewOf(load, recorder, index, options, failed))
  const watch = yield* health.watch

  const beginMillis = yield* port.begin
  const first = (beginMillis - clock.originMillis) * ticksPerMilli
  yield* sleepUntil(first)
  // What only this thread knows to be secret is masked here, or nowhere.
  const mask = Option.match(yield* Effect.serviceOption(Masking), {
    onNone: () => (text: string) => text,
    onSome: ({ text }) => text
  })
  const teller = new Teller(crews, recorder, watch, first + plan.warmupMillis * ticksPerMilli, first, mask)
  const frames = yield* Effect.forkScoped(tell(teller, port))
  yield* Effect.forEach(crews, (crew) => work(crew, first, port, plan), { concurrency: "unbounded", discard: true })
    .pipe(
      Effect.raceFirst(Deferred.await(failed))
    )
  yield* Fiber.interrupt(frames)
  yield* port.send(teller.frame(clock.now(), transport.counters))
}, Effect.scoped)

/** How many users of a URL connect at once before the load. */
const connectsAtOnce = 32

/** The users of one load on this thread, and what starts them. */
interface Crew {
  readonly executor: Executor
  readonly users: ReadonlyArray<VirtualUser>
  readonly figures: LoadRecorder
  readonly idle: Deferred.Deferred<void>
  readonly millis: number
}

const crewOf = Effect.fnUntraced(function*<E, R>(
  load: Load,
  recorder: Recorder,
  index: number,
  { handed, plan, scenarios, share }: Options<E, R>,
  failed: Deferred.Deferred<never, LoadError>
) {
  const clock = yield* LoadClock
  const figures = recorder.loads[index]!
  const idle = yield* Deferred.make<void>()
  const alarm = yield* Executors.needsAlarm(load) ? clock.alarm(() => executor.wake()) : timer(() => executor.wake())
  const executor = makeExecutor(load, plan, share, {
    now: clock.now,
    alarm,
    figures,
    onIdle: () => Deferred.doneUnsafe(idle, Effect.void)
  })
  const context: UserContext = {
    figures,
    phases: plan.phases ? recorder.phases : undefined,
    share,
    seed: plan.seed,
    fail: (message) => Deferred.doneUnsafe(failed, Effect.fail(new LoadError({ reason: "Data", message })))
  }
  const make: MakeUser<E | LoadTransportError, R> = load.work.type === "url"
    ? yield* UrlUser.make(load.work, figures, context.phases, {
      connected: Executors.connectedOf(load.executor),
      handed
    })
    : yield* scenarios(load.work, context)
  const count = Executors.shareOf(Executors.usersOf(load.executor), share)
  const users = yield* Effect.forEach(
    Array.from({ length: count }, (_, slot) => slot),
    (slot) => make(slot * share.of + share.index, executor.doneOf(slot)),
    { concurrency: load.work.type === "url" ? connectsAtOnce : 1 }
  )
  return {
    executor,
    users,
    figures,
    idle,
    millis: plan.warmupMillis + Executors.millisOf(load.executor)
  } satisfies Crew
})

/** Of those who wait for answers and only pause after failures, which no thread needs to time. */
const timer = Effect.fnUntraced(function*(wake: () => void) {
  const start = yield* FiberHandle.makeRuntime<LoadClock>()
  return {
    at: (tick) => void start(tick === Infinity ? Effect.void : Effect.andThen(sleepUntil(tick), Effect.sync(wake)))
  } satisfies Alarm
})

const makeExecutor = (
  { executor, work }: Load,
  { seed, warmupMillis }: Plan,
  share: Share,
  surroundings: Surroundings
): Executor => {
  const curve = Curve.after(warmupMillis, Executors.curveOf(executor))
  if (Executors.isOpen(executor)) {
    const isRandom = executor.type !== "breakpoint" && executor.arrivals === "poisson"
    return new OpenExecutor({
      ...surroundings,
      arrivals: isRandom ? Arrivals.poisson(curve, share, seed) : Arrivals.even(curve, share),
      // Threads share the room of the queue too.
      queue: Executors.shareOf(executor.queue, share)
    })
  }
  return new ClosedExecutor({
    ...surroundings,
    share,
    curve,
    limit: Executors.limitOf(executor),
    freeMillis: warmupMillis,
    pacingMillis: work.type === "scenario" ? work.pacingMillis : undefined,
    thinkMillis: work.type === "scenario" ? work.thinkMillis : undefined,
    seed
  })
}

/** Lets a crew work until its time is over, its iterations are done, or it is to stop; then waits for those that run. */
const work = Effect.fnUntraced(function*(crew: Crew, first: number, port: Port, { gracefulStopMillis }: Plan) {
  crew.executor.begin(crew.users, first)
  const idle = Deferred.await(crew.idle)
  yield* Effect.raceAllFirst([port.stop, sleepUntil(first + crew.millis * ticksPerMilli), idle])
  crew.executor.stop()
  yield* Effect.timeoutOption(idle, gracefulStopMillis)
  crew.executor.abandon()
  crew.figures.cutOff += crew.executor.running
})

/** Hands out a frame at the end of each second. */
const tell = Effect.fnUntraced(function*(teller: Teller, port: Port) {
  const { now } = yield* LoadClock
  const { counters } = yield* LoadTransport
  for (;;) {
    yield* sleepUntil(teller.next)
    // Figures that have left the recorder arrive. Between the parts of the work the load goes on.
    yield* Effect.uninterruptible(
      Effect.suspend(() => Effect.andThen(Effect.yieldNow, port.send(teller.frame(now(), counters))))
    )
  }
})

/** Makes the frames of a thread. */
class Teller {
  /** The second that the next frame is about. */
  private at: number
  private readonly crews: ReadonlyArray<Crew>
  private readonly recorder: Recorder
  private readonly watch: Watch
  private readonly measured: number
  private readonly mask: (text: string) => string

  constructor(
    crews: ReadonlyArray<Crew>,
    recorder: Recorder,
    watch: Watch,
    measured: number,
    first: number,
    mask: (text: string) => string
  ) {
    this.crews = crews
    this.recorder = recorder
    this.watch = watch
    this.measured = measured
    this.mask = mask
    this.at = Math.floor((first - measured) / ticksPerSecond)
  }

  /** When the next frame is to be made. */
  get next(): number {
    return this.measured + (this.at + 1) * ticksPerSecond
  }

  frame(now: number, { socketsOpen, socketsOpened }: Counters): Uint8Array<ArrayBuffer> {
    for (const { executor, figures } of this.crews) {
      figures.busy = executor.running
      figures.users = executor.users
    }
    const seconds = (now - this.measured) / ticksPerSecond
    const health = { ...this.watch.sample(), socketsOpened, socketsOpen }
    this.recorder.mask(this.mask)
    const frame = Frame.encode({ at: this.at, until: seconds, health }, this.recorder)
    this.recorder.clear()
    // A thread that was held up for seconds tells of them in one frame.
    this.at = Math.max(this.at + 1, Math.floor(seconds))
    return frame
  }
}

/** Waits for a tick; timers may go off a little early. */
const sleepUntil = Effect.fnUntraced(function*(tick: number) {
  const { now } = yield* LoadClock
  for (let left = tick - now(); left > 0; left = tick - now()) {
    yield* Effect.sleep(Math.ceil(left / ticksPerMilli))
  }
})
