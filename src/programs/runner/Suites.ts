/**
 * The part of a run that a suite owns: its setup runs once before the first of its cases, its teardown once after the last.
 * What the setup saves, every case sees.
 */
import { Deferred, Effect, Fiber, type Scope } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type { CaseResult } from "../../scenario/run/CaseRun.ts"
import type { CaseState } from "../../scenario/run/CaseState.ts"

/** What a suite's setup hands to its cases. */
export interface Ready {
  readonly values: ValueRecord
  readonly mocks: ReadonlyMap<string, () => Value>
  /** Why the cases cannot run. */
  readonly failed: string | undefined
}

export interface SuiteHandle {
  /** Runs the setup when the first case asks; all wait for it. */
  readonly ready: Effect.Effect<Ready>
  /** Says that one of the cases has ended; after the last one, waits for the teardown. */
  readonly done: Effect.Effect<void>
  /** Ends the suite early: cases that have not begun are skipped for this reason. */
  readonly end: (reason: string) => void
  readonly ending: () => string | undefined
}

/**
 * Opens a suite for `cases` cases. `run` runs the setup, then what it is given, then the teardown. Its fiber belongs to the
 * scope: when the run is interrupted, so is it, and its teardown runs then.
 */
export const open = <R>(
  cases: number,
  run: (use: (state: CaseState) => Effect.Effect<void>) => Effect.Effect<Pick<CaseResult, "reason">, never, R>
): Effect.Effect<SuiteHandle, never, R | Scope.Scope> =>
  Effect.gen(function*() {
    const begun = yield* Deferred.make<void>()
    const ready = yield* Deferred.make<Ready>()
    const ended = yield* Deferred.make<void>()
    let left = cases
    let ending: string | undefined
    const use = (state: CaseState) =>
      Effect.andThen(
        Deferred.succeed(ready, { values: state.saved, mocks: state.mocks, failed: undefined }),
        Deferred.await(ended)
      )
    const fiber = yield* Effect.forkScoped(Effect.gen(function*() {
      yield* Deferred.await(begun)
      const result = yield* run(use)
      // Nobody has been told yet when the setup did not pass.
      yield* Deferred.succeed(ready, {
        values: {},
        mocks: new Map(),
        failed: result.reason ?? "its setup did not pass"
      })
    }))
    return {
      end: (reason) => void (ending ??= reason),
      ending: () => ending,
      ready: Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(ready)),
      done: Effect.suspend(() =>
        --left > 0 ? Effect.void : Effect.gen(function*() {
          yield* Deferred.succeed(ended, undefined)
          // A suite whose setup no case has asked for has nothing to tear down.
          if (yield* Deferred.isDone(begun)) yield* Fiber.await(fiber)
        })
      )
    }
  })
