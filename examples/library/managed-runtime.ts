/**
 * skein behind promises: one runtime for the life of a program that knows nothing of Effect. An `AbortSignal` interrupts a run,
 * and its teardowns run before the promise ends.
 */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer, ManagedRuntime } from "effect"
import { builtin, type Report, Runner, Skein } from "skein"

const runtime = ManagedRuntime.make(Skein.layer().pipe(Layer.provideMerge(NodeServices.layer)))

/** Runs scenario files; rejects when they have mistakes, and when `signal` aborts. */
export const runScenarios = (paths: ReadonlyArray<string>, signal?: AbortSignal): Promise<Report.Report> =>
  runtime.runPromise(
    Effect.gen(function*() {
      const plan = yield* Runner.plan(paths, { actions: builtin, workingDirectory: import.meta.dirname })
      return yield* Runner.run(yield* Runner.checked(plan), { concurrency: 4 })
    }),
    { signal }
  )

/** Closes connections and threads. */
export const close = (): Promise<void> => runtime.dispose()
