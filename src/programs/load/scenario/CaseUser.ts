/**
 * One virtual user in one scenario: its variables, cookies and connections, and the iteration that it is in.
 *
 * The steps of the quick form follow each other inside the transport's callbacks: no effect, promise or fiber a request. Whatever needs
 * an effect goes to the user's {@link SideWork}, and the steps go on from there.
 */
import { type Cause, Duration, Effect, Exit, Result, Scope } from "effect"
import * as RetryPolicy from "../../../core/RetryPolicy.ts"
import type { ValueRecord } from "../../../core/Value.ts"
import { CodeFailure } from "../../../scenario/compile/Code.ts"
import type { Failure } from "../../../scenario/Event.ts"
import { isTrue } from "../../../scenario/expression/Expression.ts"
import type { StepServices } from "../../../scenario/run/Attempt.ts"
import type { CaseState, Pass } from "../../../scenario/run/CaseState.ts"
import * as Measured from "../../../scenario/run/Measured.ts"
import * as Retries from "../../../scenario/run/Retries.ts"
import * as Failures from "../../../scenario/run/StepFailure.ts"
import * as StepRun from "../../../scenario/run/StepRun.ts"
import type * as CookieJar from "../../../services/http/CookieJar.ts"
import * as Redirects from "../../../services/http/Redirects.ts"
import type { Prepared } from "../../../services/http/Request.ts"
import { type LoadClock, ticksPerMilli } from "../../../services/LoadClock.ts"
import {
  type LoadConnection,
  type LoadFailure,
  type LoadResponse,
  type LoadTransport,
  type LoadTransportError,
  type Sink
} from "../../../services/LoadTransport.ts"
import type { StepRecording } from "../Recording.ts"
import type { Done } from "../VirtualUser.ts"
import { headerOf, HttpAnswer, setCookiesOf } from "./HttpAnswer.ts"
import type { Ready } from "./HttpRequests.ts"
import type * as SideWork from "./SideWork.ts"
import type { StepFigures } from "./StepFigures.ts"
import type { HttpUserStep, UserStep } from "./UserStep.ts"

/** What the fiber of a user needs. */
export type Services = StepServices

/** Why a step did not pass, in few words until somebody wants more. */
interface Misfit {
  readonly kind: Failure["kind"]
  readonly reason: string
  readonly message: string
  readonly status?: number | undefined
}

export interface Parts {
  readonly steps: ReadonlyArray<UserStep>
  /** In place of the steps one by one: a plan of parallel steps, or a time-out around all. */
  readonly whole: ((state: CaseState) => Effect.Effect<StepRun.Outcome, never, Services>) | undefined
  readonly state: CaseState
  readonly jar: CookieJar.CookieJar
  readonly figures: StepFigures
  /** Of the first step: there stands what goes wrong before it. */
  readonly first: () => StepRecording | undefined
  readonly clock: LoadClock["Service"]
  readonly transport: LoadTransport["Service"]
  readonly side: SideWork.SideWork<Services>
  /** Of the user. */
  readonly scope: Scope.Scope
  readonly isSecret: (value: string) => boolean
  readonly done: Done
}

/** Of one user, to different hosts: the oldest is closed before another one is opened. */
const maxConnections = 32

export class CaseUser implements Sink {
  private readonly parts: Parts
  private readonly state: CaseState
  private readonly clock: LoadClock["Service"]
  private readonly answer: HttpAnswer
  /** By origin and wishes, the oldest first. */
  private readonly connections = new Map<
    string,
    { readonly connection: LoadConnection; readonly scope: Scope.Closeable }
  >()
  /** By the place of a step: the connection that it used last, and to which origin. */
  private readonly used: Array<{ readonly origin: string; readonly connection: LoadConnection } | undefined> = []
  private readonly withCookies: Array<
    { readonly of: Ready; readonly cookies: string; readonly ready: Ready } | undefined
  > = []

  private passed = true
  private running = false
  /** Whether anything was waited for in this iteration. */
  private waited = false
  private late = 0
  private at = 0
  private current: HttpUserStep | undefined
  private sent: Ready | undefined
  private sentAt = 0
  /** When the last answer was complete, where nothing was done since then. */
  private ended = 0
  private attempt = 1

  constructor(parts: Parts) {
    this.parts = parts
    this.state = parts.state
    this.clock = parts.clock
    this.answer = new HttpAnswer(parts.state.names)
  }

  /** Opens the connections that are known before, so that no iteration waits for a fiber; sockets are made with the first request. */
  get prepare(): Effect.Effect<void> {
    return Effect.forEach(this.parts.steps, (step) => {
      const same = step.type === "http" ? step.requests.same : undefined
      if (step.type !== "http" || same === undefined) return Effect.void
      return Effect.match(this.connectionTo(step, same.prepared.url), {
        // The request will tell.
        onFailure: () => {},
        onSuccess: (connection) => {
          this.used[step.index] = { origin: same.prepared.url.origin, connection }
        }
      })
    }, { discard: true })
  }

  /** Begins an iteration. */
  begin(intended: number, started: number, pass: Pass): void {
    this.passed = true
    this.running = true
    this.waited = false
    this.at = 0
    this.late = started - intended
    this.parts.figures.late = this.late
    const begun = this.attemptCode(() => this.state.begin(pass))
    if (begun !== undefined) {
      this.passed = false
      this.parts.first()?.failed("variable", () => this.shown(begun.message))
      this.finish()
    } else if (this.parts.whole === undefined) this.advance()
    else {
      this.aside(Effect.map(this.parts.whole(this.state), (outcome) => {
        this.passed = isPassed(outcome)
        this.finish()
      }))
    }
  }

  /** A piece of side work broke: a fault of ours or of an action ends the iteration, not the load. */
  broke(_cause: Cause.Cause<never>): void {
    if (!this.running) return
    this.passed = false
    this.finish()
  }

  onResponse(response: LoadResponse): void {
    const step = this.current
    const ready = this.sent
    if (step === undefined || ready === undefined) return
    const { bytesIn, bytesOut, ended, status } = response
    this.ended = ended
    step.record.response(this.sentAt - this.late, this.sentAt, ended, status, bytesIn, bytesOut)
    if (response.headers.length > 0) {
      const redirects = step.requests.maxRedirects > 0 && isRedirect(status) &&
        headerOf(response, "location") !== undefined
      const cookies = step.requests.cookies ? setCookiesOf(response) : noCookies
      if (redirects || cookies.length > 0) return this.aside(this.follow(step, ready, response, cookies))
    }
    this.answer.take(response, ready.prepared.url.href, (ended - this.sentAt) / ticksPerMilli)
    this.judge(step, ready.prepared)
  }

  onError(failure: LoadFailure): void {
    const step = this.current
    if (step === undefined) return
    this.lost(step, failure)
  }

  /** Takes steps until one has to be waited for, or all are done. */
  private advance(): void {
    const { steps } = this.parts
    while (this.at < steps.length) {
      const step = steps[this.at]!
      if (step.type === "interpreted") {
        this.current = undefined
        return this.aside(
          Effect.map(StepRun.run(step.step, this.state, {}, ""), (outcome) => this.interpreted(outcome))
        )
      }
      this.attempt = 1
      const begun = this.enter(step)
      if (begun === "waits") return
      if (begun === "stops") break
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

  /** Sends the request of a step, unless it is not run. */
  private enter(step: HttpUserStep): "waits" | "goes on" | "stops" {
    const { step: compiled } = step
    if (compiled.step.skip !== undefined || compiled.step.needs !== undefined || compiled.if !== undefined) {
      const reason = StepRun.skipReason(compiled, this.state)
      if (reason !== undefined) return this.skip(step, reason)
      if (compiled.if !== undefined) {
        const holds = this.attemptCode(() => isTrue(compiled.if!.run(this.state.names, this.state.machine)))
        if (typeof holds !== "boolean") return this.failed(step, holds)
        if (!holds) return this.skip(step, `if: ${compiled.if.text}`)
      }
    }
    return this.send(step)
  }

  private send(step: HttpUserStep): "waits" | "goes on" | "stops" {
    const { requests } = step
    let ready = requests.same
    if (ready === undefined) {
      const made = this.attemptCode(() => requests.make(this.state.names, this.state.machine))
      if (!Result.isResult(made)) return this.failed(step, made)
      if (Result.isFailure(made)) return this.failed(step, invalid(made.failure.message))
      ready = made.success
    }
    if (requests.cookies) {
      const cookies = this.parts.jar.header(ready.prepared.url)
      if (cookies !== undefined) {
        const added = this.addCookies(step, ready, cookies)
        if (Result.isFailure(added)) return this.failed(step, invalid(added.failure.message))
        ready = added.success
      }
    }
    this.current = step
    this.sent = ready
    const used = this.used[step.index]
    // A request that is always the same has always the same origin.
    if (used !== undefined && (requests.same !== undefined || used.origin === ready.prepared.url.origin)) {
      this.waited = true
      this.sentAt = this.clock.now()
      used.connection.send(ready.request, this)
    } else {
      const request = ready
      this.aside(Effect.matchEffect(this.connectionTo(step, request.prepared.url), {
        onFailure: (error) => Effect.sync(() => this.lost(step, toFailure(error))),
        onSuccess: (connection) =>
          Effect.sync(() => {
            this.used[step.index] = { origin: request.prepared.url.origin, connection }
            this.sentAt = this.clock.now()
            connection.send(request.request, this)
          })
      }))
    }
    return "waits"
  }

  /** Makes the request with cookies once as long as they stay the same. */
  private addCookies(step: HttpUserStep, ready: Ready, cookies: string) {
    const known = this.withCookies[step.index]
    if (known !== undefined && known.of === ready && known.cookies === cookies) return Result.succeed(known.ready)
    return Result.map(step.requests.ready(ready.prepared, cookies), (made) => {
      if (step.requests.same !== undefined) this.withCookies[step.index] = { of: ready, cookies, ready: made }
      return made
    })
  }

  private connectionTo(step: HttpUserStep, url: URL): Effect.Effect<LoadConnection, LoadTransportError> {
    const options = step.requests.connection
    const key = `${url.origin} ${Duration.toMillis(Duration.fromInputUnsafe(options.timeout ?? Duration.infinity))} ${
      JSON.stringify(options.connection ?? {})
    }`
    const known = this.connections.get(key)
    if (known !== undefined) return Effect.succeed(known.connection)
    return Effect.gen({ self: this }, function*() {
      if (this.connections.size >= maxConnections) yield* this.closeOldest
      const scope = yield* Scope.fork(this.parts.scope)
      const connection = yield* Scope.provide(this.parts.transport.open(url, options), scope).pipe(
        Effect.onError(() => Scope.close(scope, Exit.void))
      )
      this.connections.set(key, { connection, scope })
      return connection
    })
  }

  private get closeOldest(): Effect.Effect<void> {
    for (const [key, { connection, scope }] of this.connections) {
      this.connections.delete(key)
      for (const [index, one] of this.used.entries()) if (one?.connection === connection) this.used[index] = undefined
      return Scope.close(scope, Exit.void)
    }
    return Effect.void
  }

  /** Keeps cookies and goes where redirects lead, then judges the answer at the end of the way. */
  private follow(
    step: HttpUserStep,
    ready: Ready,
    response: LoadResponse,
    cookies: ReadonlyArray<string>
  ): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const started = this.sentAt
      const redirects: Array<ValueRecord> = []
      let current = ready.prepared
      let last = response
      let kept = cookies
      while (true) {
        if (kept.length > 0) yield* this.parts.jar.store(kept, current.url)
        const { ended, status } = last
        const location = headerOf(last, "location")
        if (step.requests.maxRedirects === 0 || location === undefined || !isRedirect(status)) {
          this.answer.take(last, current.url.href, (ended - started) / ticksPerMilli, redirects)
          return this.judge(step, current)
        }
        const next = Redirects.next(current, status, location, this.parts.isSecret)
        if (Result.isFailure(next)) return this.refused(step, next.failure.detail)
        if (next.success === undefined) return this.refused(step, "the redirect leads nowhere")
        if (redirects.length >= step.requests.maxRedirects) {
          return this.refused(
            step,
            `it redirects for more than ${redirects.length} times, now to ${next.success.url.href}`
          )
        }
        redirects.push({ status, url: current.url.href, location: next.success.url.href })
        current = next.success
        const answer = yield* Effect.result(this.hop(step, current))
        if (Result.isFailure(answer)) return this.lost(step, answer.failure)
        last = answer.success
        kept = step.requests.cookies ? setCookiesOf(last) : noCookies
      }
    })
  }

  /** One request on the way of redirects; a request of its own in the figures. */
  private hop(step: HttpUserStep, prepared: Prepared): Effect.Effect<LoadResponse, LoadFailure> {
    const cookies = step.requests.cookies ? this.parts.jar.header(prepared.url) : undefined
    const made = step.requests.ready(prepared, cookies)
    if (Result.isFailure(made)) {
      return Effect.fail({ kind: "protocol", detail: made.failure.message, ended: this.clock.now(), bytesIn: 0 })
    }
    return Effect.mapError(this.connectionTo(step, prepared.url), toFailure).pipe(
      Effect.flatMap((connection) =>
        Effect.callback<LoadResponse, LoadFailure>((resume) => {
          const started = this.clock.now()
          this.sentAt = started
          connection.send(made.success.request, {
            onResponse: (response) => {
              const { bytesIn, bytesOut, ended, status } = response
              this.ended = ended
              step.record.response(started - this.late, started, ended, status, bytesIn, bytesOut)
              resume(Effect.succeed(response))
            },
            onError: (failure) => resume(Effect.fail(failure))
          })
          return Effect.sync(connection.abort)
        })
      )
    )
  }

  /** Looks at an answer as the step wants it, and saves what it names. */
  private judge(step: HttpUserStep, { method, url }: Prepared): void {
    const { answer, state } = this
    const { expect, metrics, record, requests, save } = step
    let misfit: Misfit | undefined
    if (answer.status >= 400 && !requests.anyStatus) {
      misfit = {
        kind: "failed",
        reason: "status",
        status: answer.status,
        message: `${method} ${url.href} answered ${answer.status}`
      }
      record.failed(`status ${answer.status}`, () => this.shown(`${method} ${url.href} answered ${answer.status}`))
    } else {
      for (const code of expect) {
        const wrong = this.checkExpression(code)
        record.check(wrong === undefined)
        if (wrong === undefined || misfit !== undefined) continue
        misfit = { kind: "failed", reason: "failed", status: answer.status, message: wrong }
        record.failed(wrong, () => this.shown(explained(wrong, code.explain(answer, state.machine))))
      }
    }
    if (misfit === undefined && save.length + metrics.length > 0) {
      const saved = this.attemptCode(() => {
        const values = save.map(({ code }) => code.run(answer, state.machine))
        for (const { metric, record } of metrics) record.add(Measured.numberOf(metric, answer, state.machine))
        for (const [index, { name }] of save.entries()) state.save(name, values[index]!)
      })
      if (saved !== undefined) {
        misfit = saved
        record.failed(saved.reason, () => this.shown(saved.message))
      }
    }
    this.leave(step, misfit)
  }

  /** Why an expectation does not hold. */
  private checkExpression(code: HttpUserStep["expect"][number]): string | undefined {
    try {
      const value = code.run(this.answer, this.state.machine)
      if (value === true) return undefined
      return value === false ? `expected ${code.text}` : `expected true or false from ${code.text}`
    } catch (error) {
      if (error instanceof CodeFailure) return error.message
      throw error
    }
  }

  private shown(message: string): string {
    return this.state.settings.mask(message)
  }

  /** There was no answer. */
  private lost(step: HttpUserStep, failure: Pick<LoadFailure, "kind" | "detail" | "ended">): void {
    const { detail, ended, kind } = failure
    this.ended = ended
    const { method, url } = this.sent!.prepared
    const message = `${method} ${url.href}: ${detail}`
    step.record.error(
      this.sentAt - this.late,
      this.sentAt,
      Math.max(ended, this.sentAt),
      kind,
      () => this.shown(message)
    )
    this.leave(step, { kind: "error", reason: reasons[kind], message })
  }

  private refused(step: HttpUserStep, message: string): void {
    step.record.failed("redirect", () => this.shown(message))
    this.leave(step, { kind: "error", reason: "refused", message })
  }

  /** Goes on after a step that was waited for: again, to the next one, or to the end. */
  private leave(step: HttpUserStep, misfit: Misfit | undefined): void {
    const { retry } = step.step.step
    if (misfit !== undefined && retry !== undefined && this.attempt < retry.attempts) {
      return this.aside(this.again(step, misfit))
    }
    this.remember(step, misfit)
    this.at++
    if (misfit !== undefined && this.ends(step)) this.finish()
    else this.advance()
  }

  private again(step: HttpUserStep, misfit: Misfit): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { retry } = step.step.step
      const result = Result.fail(Failures.one({ ...misfit, location: step.step.location }, misfit.status))
      const again = yield* Effect.result(Retries.again(step.step, this.state, this.state.names, result))
      if (retry === undefined || Result.isFailure(again) || again.success === undefined) {
        this.attempt = Infinity
        return this.leave(step, misfit)
      }
      yield* Effect.sleep(RetryPolicy.delay(retry, this.attempt, this.state.machine.random()))
      this.attempt++
      const begun = this.send(step)
      if (begun === "waits") return
      this.at++
      if (begun === "stops") this.finish()
      else this.advance()
    })
  }

  /** A step that failed before its request was sent. */
  private failed(step: HttpUserStep, misfit: Misfit): "goes on" | "stops" {
    step.record.failed(misfit.reason, () => this.shown(misfit.message))
    this.remember(step, misfit)
    return this.ends(step) ? "stops" : "goes on"
  }

  private ends(step: HttpUserStep): boolean {
    this.passed = false
    return !step.step.step.continue
  }

  private skip({ step }: HttpUserStep, skipReason: string): "goes on" {
    if (step.step.id !== undefined) {
      StepRun.remember(step, this.state, { status: "skipped", output: null, failures: [], stops: false, skipReason })
    }
    return "goes on"
  }

  private remember({ keepsOutput, step }: HttpUserStep, misfit: Misfit | undefined): void {
    if (step.step.id === undefined) return
    StepRun.remember(step, this.state, {
      status: misfit === undefined ? "passed" : misfit.kind,
      output: misfit === undefined && keepsOutput ? this.answer.output() : null,
      failures: misfit === undefined ? [] : [misfit],
      stops: misfit !== undefined && !step.step.continue
    })
  }

  private finish(): void {
    const { done, side } = this.parts
    const { passed } = this
    const ended = this.current === undefined ? this.clock.now() : this.ended
    this.current = undefined
    this.running = false
    // Without anything to wait for, the end is told later too: who begins the next iteration at once would never let others have a turn.
    if (this.waited) done(passed, ended)
    else side.run(Effect.andThen(Effect.yieldNow, Effect.sync(() => done(passed, ended))))
  }

  private aside(work: Effect.Effect<void, never, Services>): void {
    this.waited = true
    this.parts.side.run(work)
  }

  /** Runs code of the file; answers with why it has no value. */
  private attemptCode<A>(run: () => A): A | Misfit {
    try {
      return run()
    } catch (error) {
      if (error instanceof CodeFailure) return invalid(error.message)
      throw error
    }
  }
}

const invalid = (message: string): Misfit => ({ kind: "error", reason: "invalid", message })

const isPassed = ({ status, stops }: StepRun.Outcome): boolean => status === "passed" || status === "skipped" && !stops

const explained = (message: string, parts: ReadonlyArray<{ readonly expression: string; readonly value: string }>) =>
  parts.length === 0
    ? message
    : `${message}: ${parts.map(({ expression, value }) => `${expression} is ${value}`).join(", ")}`

const isRedirect = (status: number): boolean => status >= 301 && status <= 308 && (status <= 303 || status >= 307)

const noCookies: ReadonlyArray<string> = []

/** How each kind of failure counts for `retry.on`, as for the client that `skein run` uses. */
const reasons: Readonly<Record<LoadFailure["kind"], string>> = {
  dns: "connection",
  "connect-refused": "connection",
  "connect-timeout": "timeout",
  unreachable: "connection",
  tls: "connection",
  proxy: "connection",
  reset: "connection",
  timeout: "timeout",
  protocol: "connection",
  "too-large": "refused",
  "ports-exhausted": "connection"
}

const toFailure = ({ ended, kind, message }: LoadTransportError): LoadFailure => ({
  kind,
  detail: message,
  ended,
  bytesIn: 0
})
