/** How far a batch is, on stderr: a line that is drawn again on a terminal, now and then a line elsewhere. */
import { Clock, Console, Effect, Exit, Scope } from "effect"
import type * as Batch from "../programs/Batch.ts"
import * as BatchReport from "../programs/batch/BatchReport.ts"
import { Invocation } from "./Invocation.ts"
import * as LiveView from "./LiveView.ts"
import * as Settings from "./Settings.ts"

export const open = Effect.fnUntraced(function*(total: number | undefined) {
  const { environment, terminal } = yield* Invocation
  const quiet = yield* Settings.Quiet
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const done = { items: 0, bad: 0 }
  const line = () => {
    const elapsedMs = Number(clock.monotonicTimeNanosUnsafe() - started) / 1e6
    return BatchReport.progress({ ...done, elapsedMs }, total)
  }
  const scope = yield* Scope.make()
  const isLive = !quiet && terminal.stderr && (environment["CI"] ?? "") === ""
  const view = isLive
    ? yield* Scope.provide(LiveView.open((columns) => Effect.sync(() => [line().slice(0, columns - 1)])), scope)
    : undefined
  if (!isLive && !quiet) {
    // Ends with the scope.
    yield* Effect.forkIn(
      Effect.forever(Effect.andThen(Effect.sleep("10 seconds"), Effect.suspend(() => Console.error(line())))),
      scope
    )
  }
  return {
    add: ({ outcome }: Batch.Ended): void => {
      done.items++
      if (BatchReport.isBad(outcome)) done.bad++
    },
    say: (text: string) => quiet ? Effect.void : view === undefined ? Console.error(text) : view.print(text),
    close: Scope.close(scope, Exit.void)
  }
})
