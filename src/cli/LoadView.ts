/**
 * Who follows a load while it goes on: a person on stderr (a live view on a terminal, a line now and then elsewhere), a page in the
 * browser, and metrics.
 */
import { Console, Effect } from "effect"
import * as Style from "../core/Style.ts"
import * as LoadMetrics from "../programs/load/LoadMetrics.ts"
import type { LoadProgress } from "../programs/load/LoadProgress.ts"
import type { LoadResult } from "../programs/load/LoadResult.ts"
import * as Live from "../programs/load/report/Live.ts"
import { DashboardServer } from "../services/DashboardServer.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import * as LiveView from "./LiveView.ts"
import * as Progress from "./Progress.ts"
import * as Settings from "./Settings.ts"

export interface About {
  readonly name: string
  readonly target: string
  readonly model: LoadResult["model"]
}

/** Shows the load until the scope closes. `observe` takes each second, `end` what came of it all. */
export const open = Effect.fnUntraced(function*(load: About, options: { readonly dashboard: boolean }) {
  const page = options.dashboard ? yield* openPage(load) : undefined
  const show = yield* openView(load)
  return {
    observe: (progress: LoadProgress): Effect.Effect<void> =>
      Effect.all([
        show(progress),
        LoadMetrics.observe(progress),
        Effect.sync(() => page?.observe(progress))
      ], { discard: true }),
    end: (result: LoadResult): Effect.Effect<void> => Effect.sync(() => page?.end(result))
  }
})

const openPage = Effect.fnUntraced(function*(load: About) {
  const server = yield* DashboardServer
  // As large as all else that follows a load.
  const Dashboard = yield* Effect.promise(() => import("../programs/load/report/Dashboard.ts"))
  const page = yield* Effect.mapError(
    server.open(0, Dashboard.page(load)),
    ({ message }) => new ExitCode.CommandError({ code: ExitCode.unavailable, message })
  )
  yield* Console.error(`dashboard: ${page.url}`)
  return {
    observe: (progress: LoadProgress): void => page.send(Dashboard.event(progress)),
    end: (result: LoadResult): void => page.send(Dashboard.ending(result))
  }
})

const openView = Effect.fnUntraced(function*(load: About) {
  if (yield* Settings.Quiet) return () => Effect.void
  if (!(yield* Progress.isLive)) {
    yield* sayWhenStopped(Console.error)
    return (progress: LoadProgress) => log(progress, load.model)
  }
  const style = Style.make(yield* Settings.colors("stderr"))
  const live = Live.make(load.name, load.model)
  // The view is looked at ten times a second, and changes once.
  let drawn:
    | { readonly columns: number; readonly of: Live.Live["last"]; readonly lines: ReadonlyArray<string> }
    | undefined
  const view = yield* LiveView.open((columns) =>
    Effect.sync(() => {
      if (drawn?.columns !== columns || drawn.of !== live.last) {
        drawn = { columns, of: live.last, lines: Live.frame(live, columns - 1, style) }
      }
      return drawn.lines
    })
  )
  yield* sayWhenStopped(view.print)
  return (progress: LoadProgress) => Effect.sync(() => Live.add(live, progress))
})

/** Who presses Ctrl-C wants to see that it was heard: the last answers may take a while. */
const sayWhenStopped = Effect.fnUntraced(function*(say: (text: string) => Effect.Effect<void>) {
  const { await: stopped } = yield* StopSignal
  const isAsked = Effect.filterOrElse(stopped, (signal) => signal === "SIGINT", () => Effect.never)
  yield* Effect.forkScoped(Effect.andThen(isAsked, say(howToForce)))
})

const howToForce =
  "stopping: nothing more is started, the last answers are waited for; press Ctrl-C again to end at once"

const log = (progress: LoadProgress, model: About["model"]): Effect.Effect<void> => {
  const line = Live.line(progress, model)
  return line === undefined ? Effect.void : Console.error(line)
}
