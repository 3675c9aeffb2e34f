/** Runs steps that may run at once, along their plan. */
import { type Cause, Effect, Exit, Queue } from "effect"
import type { CompiledStep } from "../compile/Compiled.ts"
import type * as Plan from "../compile/Plan.ts"
import type { StepServices } from "./Attempt.ts"
import type { CaseState } from "./CaseState.ts"
import { combine, type Outcome, run } from "./StepRun.ts"

/** Runs steps along their plan, `concurrency` at once. After a failure no further step begins; those running end. */
export const steps = (
  steps: ReadonlyArray<CompiledStep>,
  plan: Plan.Plan,
  concurrency: number,
  state: CaseState
): Effect.Effect<Outcome, never, StepServices> =>
  Effect.gen(function*() {
    const waiting = plan.waitsFor.map((edges) => edges.length)
    const followers = steps.map((): Array<number> => [])
    plan.waitsFor.forEach((edges, step) => edges.forEach((edge) => followers[edge.from]!.push(step)))
    const ready = yield* Queue.bounded<number, Cause.Done>(Math.max(1, steps.length))
    const outcomes: Array<Outcome> = []
    let left = steps.length
    const finish = (step: number): Effect.Effect<unknown> => {
      const freed = followers[step]!.filter((follower) => --waiting[follower]! === 0)
      left--
      return Effect.andThen(Queue.offerAll(ready, freed), left === 0 ? Queue.end(ready) : Effect.void)
    }
    yield* Queue.offerAll(ready, steps.flatMap((_, index) => waiting[index] === 0 ? [index] : []))
    if (left === 0) yield* Queue.end(ready)
    const worker: Effect.Effect<void, never, StepServices> = Effect.gen(function*() {
      const taken = yield* Effect.exit(Queue.take(ready))
      if (Exit.isFailure(taken)) return false
      if (!outcomes.some((outcome) => outcome.stops)) outcomes.push(yield* run(steps[taken.value]!, state, {}, ""))
      yield* finish(taken.value)
      return true
    }).pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid)
    yield* Effect.all(Array.from({ length: Math.min(concurrency, steps.length) }, () => worker), {
      concurrency: "unbounded",
      discard: true
    })
    return combine(outcomes)
  })
