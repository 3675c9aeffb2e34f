/**
 * One virtual user in one scenario, and the iteration that it is in. `HttpSteps` takes the steps of the quick form, the interpreter of
 * `skein run` all others.
 *
 * An iteration is one try, or several where the scenario has `retries`: `begin` -> `start` -> `advance` from step to step -> `finish`,
 * from which another try starts, or the executor hears of the end.
 */
import { Cause, Duration, Effect } from "effect"
import * as DurationText from "../../../core/DurationText.ts"
import type { StepServices } from "../../../scenario/run/Attempt.ts"
import type { CaseState, Pass } from "../../../scenario/run/CaseState.ts"
import * as StepRun from "../../../scenario/run/StepRun.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import type { StepRecording } from "../figures/Recording.ts"
import type { Done } from "../VirtualUser.ts"
import type { EventFigures } from "./EventFigures.ts"
import * as HttpSteps from "./HttpSteps.ts"
import * as Misfit from "./Misfit.ts"
import type { UserStep } from "./UserStep.ts"

export interface Options extends HttpSteps.Options {
  readonly steps: ReadonlyArray<UserStep>
  /** In place of the steps one by one: a plan of parallel steps. */
  readonly whole: ((state: CaseState) => Effect.Effect<StepRun.Outcome, never, StepServices>) | undefined
  /** How often an iteration that did not pass is tried again. */
  readonly retries: number
  /** Bound on one try, in ticks; `Infinity` for none. Kept by who calls {@link CaseUser.sweep}. */
  readonly timeoutTicks: number
  readonly figures: EventFigures
  /** Of the first step: there stands what goes wrong before it, or beside all steps. */
  readonly first: () => StepRecording | undefined
  readonly done: Done
}

export class CaseUser {
  private readonly options: Options
  private readonly http: HttpSteps.HttpSteps
  private pass: Pass | undefined
  private retriesLeft = 0
  private startedAt = 0
  private running = false
  private passed = true
  /** The place of the step that is taken. */
  private at = 0
  /** Whether anything was waited for. */
  private waited = false
  /** Whether nothing was done since the last answer. */
  private fresh = false

  constructor(options: Options) {
    this.options = options
    this.http = new HttpSteps.HttpSteps(options, (end) => this.left(end))
  }

  /** Begins an iteration, never while one runs. */
  begin(intended: number, started: number, pass: Pass): void {
    this.pass = pass
    this.http.late = started - intended
    this.retriesLeft = this.options.retries
    this.waited = false
    this.options.reach.begin()
    this.start(pass, started)
  }

  /** To be called every few milliseconds where there is a time-out: gives up a try that takes too long. */
  sweep(now: number): void {
    if (this.running && now - this.startedAt >= this.options.timeoutTicks) this.timeOut(now)
  }

  /** A piece of side work broke: a fault of ours or of an action ends the try, not the load. */
  broke(cause: Cause.Cause<never>): void {
    if (!this.running) return
    const [text = "unknown"] = Cause.pretty(cause).split("\n")
    this.missed("defect", `a step broke, which is no fault of the file: ${text}`)
    this.finish()
  }

  private start(pass: Pass, at: number): void {
    const { figures, state, whole } = this.options
    this.startedAt = at
    this.running = true
    this.passed = true
    this.fresh = false
    this.at = 0
    figures.begin(this.http.late)
    const begun = Misfit.attempt(() => state.begin(pass))
    if (begun !== undefined) {
      this.missed("variable", begun.message)
      this.finish()
    } else if (whole === undefined) this.advance()
    else {
      this.aside(Effect.map(whole(state), (outcome) => {
        this.passed = isPassed(outcome)
        this.finish()
      }))
    }
  }

  /** Takes steps until one has to be waited for, or all are done. */
  private advance(): void {
    const { state, steps } = this.options
    while (this.at < steps.length) {
      const step = steps[this.at]!
      if (step.type === "interpreted") {
        this.fresh = false
        return this.aside(Effect.map(StepRun.run(step.step, state, {}, ""), (outcome) => this.interpreted(outcome)))
      }
      const end = this.http.enter(step)
      if (end === "waits") {
        this.waited = true
        this.fresh = true
        return
      }
      if (end !== "passes") this.passed = false
      if (end === "stops") break
      this.at++
    }
    this.finish()
  }

  private interpreted(outcome: StepRun.Outcome): void {
    if (!isPassed(outcome)) this.passed = false
    this.at++
    if (outcome.stops) this.finish()
    else this.advance()
  }

  private left(end: HttpSteps.End): void {
    if (end !== "passes") this.passed = false
    this.at++
    if (end === "stops") this.finish()
    else this.advance()
  }

  private timeOut(now: number): void {
    const { side, timeoutTicks } = this.options
    const bound = Duration.millis(timeoutTicks / ticksPerMilli)
    const message = `the iteration did not end within ${DurationText.format(bound)}`
    if (this.http.giveUp(now, () => message)) this.passed = false
    else this.missed("timeout", message)
    this.fresh = false
    // Not a second time.
    this.startedAt = Infinity
    side.cancel()
    this.aside(Effect.sync(() => this.finish()))
  }

  /** What went wrong, where no step can tell. */
  private missed(kind: string, message: string): void {
    this.passed = false
    this.options.first()?.failed(kind, () => this.options.state.settings.mask(message))
  }

  private finish(): void {
    const { clock, done, reach, side } = this.options
    const { pass, passed } = this
    if (!passed && this.retriesLeft > 0 && pass !== undefined) {
      this.retriesLeft--
      return this.aside(Effect.andThen(Effect.yieldNow, Effect.sync(() => this.start(pass, clock.now()))))
    }
    const ended = this.fresh ? this.http.ended : clock.now()
    const { isMissed } = reach
    this.running = false
    // Without anything to wait for, the end is told later too: who begins the next iteration at once would never let others have a turn.
    if (this.waited) done(passed, ended, isMissed)
    else side.run(Effect.andThen(Effect.yieldNow, Effect.sync(() => done(passed, ended, isMissed))))
  }

  private aside(work: Effect.Effect<void, never, StepServices>): void {
    this.waited = true
    this.options.side.run(work)
  }
}

const isPassed = ({ status, stops }: StepRun.Outcome): boolean => status === "passed" || status === "skipped" && !stops
