/** One case of a run: skipped, not begun after a stop, or run, again if it may be. */
import { Clock, Deferred, Effect } from "effect"
import { isRecord, type ValueRecord } from "../../core/Value.ts"
import type { CompiledScenario } from "../../scenario/compile/Compiled.ts"
import * as Plan from "../../scenario/compile/Plan.ts"
import type { Status } from "../../scenario/Event.ts"
import * as RobogoPlan from "../../scenario/robogo/RobogoPlan.ts"
import * as Bounds from "../../scenario/run/Bounds.ts"
import * as CaseRun from "../../scenario/run/CaseRun.ts"
import type { CaseSettings } from "../../scenario/run/CaseState.ts"
import type { Scenario } from "../../scenario/Scenario.ts"
import * as Cases from "./Cases.ts"
import * as CaseSecrets from "./CaseSecrets.ts"
import { caseStarted, finish, graceOf, type RunnerServices, type RunState, settingsOf } from "./RunState.ts"
import type * as Suites from "./Suites.ts"

/** Runs one case, and tells its suite when it has ended. */
export const run = <R>(one: Cases.Case, state: RunState<R>): Effect.Effect<void, never, R | RunnerServices> =>
  Effect.gen(function*() {
    const suite = one.suite === undefined ? undefined : state.suites.get(one.suite)
    const suiteEnding = suite?.ending()
    if (one.skip !== undefined) yield* notRun(one, "skipped", one.skip, state)
    else if (suiteEnding !== undefined) yield* notRun(one, "skipped", suiteEnding, state)
    else if (state.ending !== undefined) yield* notRun(one, state.ending.status, state.ending.reason, state)
    else yield* runAttempts(one, suite, state)
    if (suite !== undefined) yield* suite.done
  })

const runAttempts = <R>(
  one: Cases.Case,
  suite: Suites.SuiteHandle | undefined,
  state: RunState<R>
): Effect.Effect<void, never, R | RunnerServices> =>
  Effect.gen(function*() {
    const ready = suite === undefined ? undefined : yield* suite.ready
    if (ready?.failed !== undefined) {
      return yield* notRun(one, "error", `the suite ${one.suite!.suite.name}: ${ready.failed}`, state)
    }
    for (let attempt = 1;; attempt++) {
      const { last, status } = yield* Effect.withSpan(
        runOnce(one, ready, attempt, state),
        `case ${one.compiled.scenario.name}`,
        {
          captureStackTrace: false,
          attributes: { "skein.case": one.id, "skein.file": one.file, "skein.attempt": attempt }
        }
      )
      if (last) {
        if (one.suite?.suite.failFast === true && (status === "failed" || status === "error")) {
          suite?.end(`the suite is fail-fast, and ${one.name} did not pass`)
        }
        return yield* countFailure(status, state)
      }
    }
  })

/** Whether a case that ended so is not run again. */
const isLast = <R>(one: Cases.Case, status: Status, attempt: number, state: RunState<R>): boolean =>
  status !== "failed" && status !== "error" || state.ending !== undefined ||
  attempt > (state.options.retries ?? one.compiled.scenario.retries ?? 0)

/** Fail-fast: after so many cases that did not pass, no further one begins. */
const countFailure = <R>(status: Status, state: RunState<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { failFast } = state.options
    if (failFast === undefined || status !== "failed" && status !== "error") return Effect.void
    if (state.summary.failed + state.summary.error < failFast) return Effect.void
    const reason = `fail-fast: ${failFast} case${failFast === 1 ? "" : "s"} did not pass`
    state.ending ??= { reason, status: "skipped" }
    return Effect.void
  })

const runOnce = <R>(
  one: Cases.Case,
  suite: Suites.Ready | undefined,
  attempt: number,
  state: RunState<R>
): Effect.Effect<{ readonly status: Status; readonly last: boolean }, never, R | RunnerServices> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const { compiled } = one
    const started = clock.monotonicTimeNanosUnsafe()
    yield* state.emit(
      caseStarted(one.id, one.name, one.file, one.line, one.suite?.suite.name, one.tags, attempt, clock)
    )
    const secrets = yield* Effect.result(CaseSecrets.fetch(
      [
        ...one.suite === undefined ? [] : [{ spelling: one.suite.suite.spelling, secrets: one.suite.secrets }],
        { spelling: compiled.scenario.spelling, secrets: compiled.secrets }
      ],
      compiled.directory,
      state
    ))
    if (secrets._tag === "Failure") {
      const failure = { kind: "error" as const, reason: "unavailable", message: secrets.failure.message }
      const result = { failures: [failure], reason: "its secrets could not be had" }
      yield* finish(one.id, one.name, one.file, "error", attempt, result, started, state)
      return { status: "error", last: true }
    }
    const { scenario } = compiled
    const settings = withOwnSettings(
      settingsOf(one.id, one.file, compiled.directory, one.root, state, state.emit, secrets.success, one.baseId),
      scenario
    )
    const robogoSecrets = scenario.spelling === "robogo" ? secrets.success : {}
    const result = yield* CaseRun.run({
      spelling: scenario.spelling,
      setup: compiled.setup,
      steps: compiled.steps,
      teardown: compiled.teardown,
      data: compiled.data,
      ...stepsAtOnce(compiled, settings.settings),
      timeout: compiled.timeout ?? state.options.caseTimeout,
      variables: Cases.variableLayers(one, state.plan.options),
      values: { ...robogoSecrets, ...savedBySuite(suite, one), ...state.plan.options.variables },
      mocks: compiled.mocks,
      outerMocks: suite?.mocks ?? new Map(),
      secrets: secrets.success,
      row: one.row,
      rowIndex: one.rowIndex
    }, {
      settings,
      stop: Deferred.await(state.stop),
      grace: graceOf(state)
    })
    const status = result.status === "passed" && attempt > 1 ? "flaky" : result.status
    const last = isLast(one, status, attempt, state)
    yield* finish(one.id, one.name, one.file, status, attempt, result, started, state, last)
    return { status, last }
  })

/** Settings of actions with what the file says about them: message templates, how much runs at once. */
const withOwnSettings = (settings: CaseSettings, { bounds, templates }: Scenario): CaseSettings => {
  const own: { [family: string]: ValueRecord } = {}
  if (templates.length > 0) own["templates"] = Object.fromEntries(templates.map(({ name, value }) => [name, value]))
  if (bounds !== undefined && Object.keys(bounds).length > 0) {
    const outer = settings.settings["parallel"]
    own["parallel"] = isRecord(outer) ? { ...outer, ...bounds } : bounds
  }
  return Object.keys(own).length === 0 ? settings : { ...settings, settings: { ...settings.settings, ...own } }
}

/**
 * How the steps of a case run: as its file says, unless the configuration forbids steps at once; Robogo cases that say nothing
 * also when the configuration wants it.
 */
const stepsAtOnce = (
  { plan, scenario, steps }: CompiledScenario,
  settings: ValueRecord
): Pick<CaseRun.CaseWork, "plan" | "concurrency"> => {
  const bound = Bounds.of(settings, "steps")
  if (bound === 1) return { plan: undefined, concurrency: 1 }
  if (bound === undefined || plan !== undefined || scenario.spelling === "native" || scenario.bounds !== undefined) {
    return { plan, concurrency: scenario.concurrency }
  }
  const graph = Plan.make(steps.map((step) => step.work))
  return graph._tag === "Failure"
    ? { plan, concurrency: 1 }
    : { plan: RobogoPlan.inGroups(steps, graph.success), concurrency: bound }
}

/** What the suite's setup saved, apart from what its entry says of this case. */
const savedBySuite = (suite: Suites.Ready | undefined, one: Cases.Case): ValueRecord =>
  Object.fromEntries(Object.entries(suite?.values ?? {}).filter(([name]) => !one.entryVars.has(name)))

const notRun = <R>(one: Cases.Case, status: "skipped" | "interrupted" | "error", reason: string, state: RunState<R>) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    yield* state.emit(caseStarted(one.id, one.name, one.file, one.line, one.suite?.suite.name, one.tags, 1, clock))
    yield* finish(
      one.id,
      one.name,
      one.file,
      status,
      1,
      { failures: [], reason },
      clock.monotonicTimeNanosUnsafe(),
      state
    )
  })
