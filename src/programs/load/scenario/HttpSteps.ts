/**
 * Takes one step of the quick form at a time for a virtual user, inside the transport's callbacks: no effect, promise or fiber a request.
 * Whatever needs an effect (a connection, a redirect, a pause before another attempt) goes to the user's {@link SideWork}.
 *
 * A step: `enter` -> `send` -> `onResponse` or `onError` -> `leave`, from which another attempt is sent or the user hears of its end.
 */
import { Effect, Result } from "effect"
import * as RetryPolicy from "../../../core/RetryPolicy.ts"
import { isTrue } from "../../../scenario/expression/Expression.ts"
import type { StepServices } from "../../../scenario/run/Attempt.ts"
import type { CaseState } from "../../../scenario/run/CaseState.ts"
import * as Retries from "../../../scenario/run/Retries.ts"
import * as Failures from "../../../scenario/run/StepFailure.ts"
import * as StepRun from "../../../scenario/run/StepRun.ts"
import type * as CookieJar from "../../../services/http/CookieJar.ts"
import { isRedirect } from "../../../services/http/Redirects.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import { type LoadClock, ticksPerMilli } from "../../../services/LoadClock.ts"
import {
  type LoadConnection,
  type LoadFailure,
  type LoadResponse,
  type Sink,
  toFailure
} from "../../../services/LoadTransport.ts"
import type { PhaseRecorder } from "../figures/PhaseRecorder.ts"
import { CookieRequests } from "./CookieRequests.ts"
import { headerOf, HttpAnswer, setCookiesOf } from "./HttpAnswer.ts"
import * as Judgement from "./Judgement.ts"
import * as Misfit from "./Misfit.ts"
import type { Reach } from "./Reach.ts"
import type { Ready } from "./Ready.ts"
import { RedirectWay, type Stuck } from "./RedirectWay.ts"
import type { SideWork } from "./SideWork.ts"
import type { UserConnections } from "./UserConnections.ts"
import type { HttpUserStep } from "./UserStep.ts"

/** How a step ends. One that `fails` says `continue`; after one that `stops` no other one is taken. */
export type End = "passes" | "fails" | "stops"

export interface Options {
  readonly state: CaseState
  readonly jar: CookieJar.CookieJar
  readonly phases: PhaseRecorder | undefined
  readonly reach: Reach
  readonly clock: LoadClock["Service"]
  readonly connections: UserConnections
  readonly side: SideWork<StepServices>
  readonly isSecret: (value: string) => boolean
}

export class HttpSteps implements Sink {
  /** How late the iteration began, in ticks. */
  late = 0
  /** When the last answer was complete, or missed. */
  ended = 0
  private readonly options: Options
  private readonly ofStep: (end: End) => void
  private readonly state: CaseState
  private readonly clock: LoadClock["Service"]
  private readonly answer: HttpAnswer
  private readonly cookies = new CookieRequests()
  private readonly way: RedirectWay
  private attempt = 1
  private step: HttpUserStep | undefined
  private sent: Ready | undefined
  private sentAt = 0
  /** What a request is under way on. */
  private busy: LoadConnection | undefined

  /** `ofStep` hears how a step ended that was waited for. */
  constructor(options: Options, ofStep: (end: End) => void) {
    this.options = options
    this.ofStep = ofStep
    this.state = options.state
    this.clock = options.clock
    this.answer = new HttpAnswer(options.state.names)
    this.way = new RedirectWay(options)
  }

  /** Takes a step, unless it is not run. Where it is to be waited for, its end is told later. */
  enter(step: HttpUserStep): End | "waits" {
    const { step: compiled } = step
    this.attempt = 1
    if (compiled.step.skip !== undefined || compiled.step.needs !== undefined || compiled.if !== undefined) {
      const reason = StepRun.skipReason(compiled, this.state)
      if (reason !== undefined) return this.skip(step, reason)
      if (compiled.if !== undefined) {
        const holds = Misfit.attempt(() => isTrue(compiled.if!.run(this.state.names, this.state.machine)))
        if (typeof holds !== "boolean") return this.failed(step, holds)
        if (!holds) return this.skip(step, `if: ${compiled.if.text}`)
      }
    }
    return this.send(step)
  }

  /** Gives up a request that is under way, as a time-out of its step; answers whether there was one. */
  giveUp(now: number, example: () => string): boolean {
    const { busy, late, sentAt, step } = this
    this.step = undefined
    this.busy = undefined
    if (busy === undefined || step === undefined) return false
    busy.abort()
    step.record.error(sentAt - late, sentAt, now, "timeout", example)
    return true
  }

  onResponse(response: LoadResponse): void {
    const { sent, step } = this
    if (step === undefined || sent === undefined) return
    const { bytesIn, bytesOut, ended, phases, status } = response
    this.busy = undefined
    this.ended = ended
    this.options.reach.answer()
    step.record.response(this.sentAt - this.late, this.sentAt, ended, status, bytesIn, bytesOut)
    if (phases !== undefined) this.options.phases?.record(phases)
    if (response.headers.length > 0 && leadsOn(step, response)) {
      return this.options.side.run(this.follow(step, sent.prepared, response))
    }
    this.answer.take(response, sent.prepared.url.href, (ended - this.sentAt) / ticksPerMilli)
    this.judge(step, sent.prepared)
  }

  onError(failure: LoadFailure): void {
    this.busy = undefined
    if (this.step !== undefined) this.lost(this.step, failure)
  }

  private send(step: HttpUserStep): End | "waits" {
    const { requests } = step
    let ready = requests.same
    if (ready === undefined) {
      const made = Misfit.attempt(() => requests.make(this.state.names, this.state.machine))
      if (!Result.isResult(made)) return this.failed(step, made)
      if (Result.isFailure(made)) return this.failed(step, Misfit.invalid(made.failure.message))
      ready = made.success
    }
    const cookies = requests.cookies ? this.options.jar.header(ready.prepared.url) : undefined
    if (cookies !== undefined) {
      const added = this.cookies.with(step, ready, cookies)
      if (Result.isFailure(added)) return this.failed(step, Misfit.invalid(added.failure.message))
      ready = added.success
    }
    this.step = step
    this.sent = ready
    const connection = this.options.connections.known(step, ready.prepared.url)
    if (connection === undefined) this.options.side.run(this.connect(step, ready))
    else this.put(ready, connection)
    return "waits"
  }

  private put({ request }: Ready, connection: LoadConnection): void {
    this.busy = connection
    this.sentAt = this.clock.now()
    connection.send(request, this)
  }

  private connect(step: HttpUserStep, ready: Ready): Effect.Effect<void> {
    this.sentAt = this.clock.now()
    return Effect.match(this.options.connections.open(step, ready.prepared.url), {
      onFailure: (error) => this.lost(step, toFailure(error)),
      onSuccess: (connection) => this.put(ready, connection)
    })
  }

  /** Judges the answer at the end of the way that an answer leads. */
  private follow(step: HttpUserStep, prepared: Prepared, response: LoadResponse): Effect.Effect<void> {
    const { sentAt } = this
    return Effect.match(this.way.follow(step, prepared, response, this.late), {
      onFailure: (stuck) => this.stuck(step, stuck),
      onSuccess: ({ prepared, redirects, response }) => {
        this.ended = response.ended
        this.answer.take(response, prepared.url.href, (response.ended - sentAt) / ticksPerMilli, redirects)
        this.judge(step, prepared)
      }
    })
  }

  private stuck(step: HttpUserStep, stuck: Stuck): void {
    if (stuck._tag === "Lost") {
      this.sentAt = stuck.sentAt
      return this.lost(step, stuck.failure)
    }
    this.ended = stuck.ended
    step.record.failed("redirect", () => this.shown(stuck.message))
    this.leave(step, { kind: "error", reason: "refused", message: stuck.message })
  }

  private judge(step: HttpUserStep, prepared: Prepared): void {
    this.leave(step, Judgement.judge(step, prepared, this.answer, this.state))
  }

  /** There was no answer. */
  private lost(step: HttpUserStep, failure: LoadFailure): void {
    const { ended, kind } = failure
    const { late, sentAt } = this
    const misfit = Misfit.lost(this.sent!.prepared, failure)
    this.ended = ended
    if (kind !== "timeout") this.options.reach.lose()
    step.record.error(sentAt - late, sentAt, Math.max(ended, sentAt), kind, () => this.shown(misfit.message))
    this.leave(step, misfit)
  }

  /** The end of an attempt: another one, or that of the step. */
  private leave(step: HttpUserStep, misfit: Misfit.Misfit | undefined): void {
    const { retry } = step.step.step
    if (misfit !== undefined && retry !== undefined && this.attempt < retry.attempts) {
      return this.options.side.run(this.again(step, misfit))
    }
    this.ofStep(this.end(step, misfit))
  }

  private again(step: HttpUserStep, misfit: Misfit.Misfit): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { retry } = step.step.step
      const result = Result.fail(Failures.one({ ...misfit, location: step.step.location }, misfit.status))
      const again = yield* Effect.result(Retries.again(step.step, this.state, this.state.names, result))
      if (retry === undefined || Result.isFailure(again) || again.success === undefined) {
        return this.ofStep(this.end(step, misfit))
      }
      yield* Effect.sleep(RetryPolicy.delay(retry, this.attempt, this.state.machine.random()))
      this.attempt++
      const end = this.send(step)
      if (end !== "waits") this.ofStep(end)
    })
  }

  /** A step that failed before its request was sent. */
  private failed(step: HttpUserStep, misfit: Misfit.Misfit): End {
    step.record.failed(misfit.reason, () => this.shown(misfit.message))
    return this.end(step, misfit)
  }

  private skip({ step }: HttpUserStep, skipReason: string): End {
    if (step.step.id !== undefined) {
      StepRun.remember(step, this.state, { status: "skipped", output: null, failures: [], stops: false, skipReason })
    }
    return "passes"
  }

  /** Keeps what later steps ask about this one. */
  private end({ keepsOutput, step }: HttpUserStep, misfit: Misfit.Misfit | undefined): End {
    const end = misfit === undefined ? "passes" : step.step.continue ? "fails" : "stops"
    if (step.step.id !== undefined) {
      StepRun.remember(step, this.state, {
        status: misfit === undefined ? "passed" : misfit.kind,
        output: misfit === undefined && keepsOutput ? this.answer.output() : null,
        failures: misfit === undefined ? [] : [misfit],
        stops: end === "stops"
      })
    }
    return end
  }

  private shown(message: string): string {
    return this.state.settings.mask(message)
  }
}

/** Whether there is something to do before an answer can be judged: a redirect to follow, cookies to keep. */
const leadsOn = ({ requests }: HttpUserStep, response: LoadResponse): boolean =>
  requests.maxRedirects > 0 && isRedirect(response.status) && headerOf(response, "location") !== undefined ||
  requests.cookies && setCookiesOf(response).length > 0
