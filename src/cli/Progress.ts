/** What a person sees on stderr while a run goes on: a live view on a terminal, plain lines elsewhere. */
import { Clock, Console, Effect, Exit, Scope } from "effect"
import * as Style from "../core/Style.ts"
import type { Settings as ConfigSettings } from "../programs/Config.ts"
import * as ReportLines from "../programs/report/Console.ts"
import type * as Formats from "../programs/report/Formats.ts"
import * as Jsonl from "../programs/report/Jsonl.ts"
import * as RunProgress from "../programs/report/Progress.ts"
import type { Event } from "../scenario/Event.ts"
import { StopSignal } from "../services/StopSignal.ts"
import { Invocation } from "./Invocation.ts"
import * as LiveView from "./LiveView.ts"
import * as ReportOutput from "./ReportOutput.ts"
import * as Settings from "./Settings.ts"

export interface Progress {
  readonly onEvent: (event: Event) => Effect.Effect<void>
  /** Takes the live view away. */
  readonly close: Effect.Effect<void>
}

/** Colours as the configuration wants them; `auto` leaves it to the terminal and the environment. */
export const colors = (output: "stdout" | "stderr", wanted: ConfigSettings["color"]) =>
  wanted === "auto" ? Settings.colors(output) : Effect.succeed(wanted === "always")

/** Events go to stdout too when a `jsonl` report was asked for there. */
export const open = Effect.fnUntraced(function*(
  targets: ReadonlyArray<Formats.Target>,
  color: ConfigSettings["color"]
) {
  const style = Style.make(yield* colors("stderr", color))
  const verbosity = yield* ReportOutput.verbosityOf
  const lines = ReportLines.open({ style, verbosity })
  const view = verbosity !== "quiet" && (yield* isLive) ? yield* openView(style) : undefined
  const onStdout = targets.some(({ format, path }) => format === "jsonl" && path === "-")

  const say = (text: string) => view === undefined ? Console.error(text) : view.print(text)
  const { await: stopped } = yield* StopSignal
  const scope = yield* Scope.make()
  // Ends with the scope, that is with the progress.
  yield* Effect.forkIn(Effect.flatMap(stopped, (signal) => signal === "SIGINT" ? say(howToForce) : Effect.void), scope)

  const onEvent = (event: Event): Effect.Effect<void> => {
    const text = lines(event).join("\n")
    view?.add(event)
    const shown = text === "" ? Effect.void : say(text)
    return onStdout ? Effect.andThen(Console.log(Jsonl.line(event).trimEnd()), shown) : shown
  }
  const close = Effect.andThen(Scope.close(scope, Exit.void), view?.close ?? Effect.void)
  return { onEvent, close } satisfies Progress
})

const howToForce = "stopping: no new work, teardown runs; press Ctrl-C again to end at once"

/** Whether a live view has a place. On a build machine every frame would be a line of the log. */
export const isLive = Effect.map(
  Invocation,
  ({ environment, terminal }) => terminal.stderr && (environment["CI"] ?? "") === "" && environment["TERM"] !== "dumb"
)

const openView = Effect.fnUntraced(function*(style: Style.Style) {
  const scope = yield* Scope.make()
  const progress = RunProgress.make()
  const clock = yield* Clock.Clock
  const frame = (columns: number) =>
    Effect.sync(() => RunProgress.frame(progress, columns - 1, clock.currentTimeMillisUnsafe(), { style }))
  const { print } = yield* Scope.provide(LiveView.open(frame), scope)
  return { add: (event: Event) => RunProgress.add(progress, event), print, close: Scope.close(scope, Exit.void) }
})
