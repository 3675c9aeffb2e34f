/** A suite of a run. Its setup and teardown show up among the events only when they do not pass: as a case of their own. */
import { Clock, Effect } from "effect"
import type { CompiledSuite } from "../../scenario/compile/Compiled.ts"
import type { Event } from "../../scenario/Event.ts"
import * as CaseRun from "../../scenario/run/CaseRun.ts"
import * as CaseSecrets from "./CaseSecrets.ts"
import { caseStarted, finish, graceOf, type RunState, settingsOf } from "./RunState.ts"
import * as Suites from "./Suites.ts"

/** Opens a suite that `cases` cases of the run belong to. */
export const open = <R>(suite: CompiledSuite, cases: number, state: RunState<R>) => {
  const { source } = suite.suite
  const caseId = `${source.path}#${suite.suite.name} (suite)`
  const held: Array<Event> = []
  return Suites.open(cases, (use) =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const begin = caseStarted(
        caseId,
        `${suite.suite.name} (suite)`,
        source.path,
        1,
        undefined,
        suite.suite.tags,
        1,
        clock
      )
      const started = clock.monotonicTimeNanosUnsafe()
      const secrets = yield* Effect.result(
        CaseSecrets.fetch([{ spelling: suite.suite.spelling, secrets: suite.secrets }], suite.directory, state)
      )
      const found = secrets._tag === "Success" ? secrets.success : {}
      const result = yield* CaseRun.run({
        spelling: suite.suite.spelling,
        setup: suite.setup,
        steps: [],
        teardown: suite.teardown,
        plan: undefined,
        concurrency: 1,
        timeout: undefined,
        variables: suite.vars,
        values: { ...suite.suite.spelling === "robogo" ? found : {}, ...state.plan.options.variables },
        mocks: suite.mocks,
        outerMocks: new Map(),
        secrets: found,
        row: undefined,
        rowIndex: 0
      }, {
        settings: settingsOf(
          caseId,
          source.path,
          suite.directory,
          state.plan.options.root,
          state,
          (event) => Effect.sync(() => void held.push(event)),
          found
        ),
        stop: Effect.never,
        grace: graceOf(state)
      }, use)
      if (result.status === "passed") {
        return result
      }
      for (const event of [begin, ...held]) {
        yield* state.emit(event)
      }
      yield* finish(caseId, `${suite.suite.name} (suite)`, source.path, result.status, 1, result, started, state)
      return result
    }))
}
