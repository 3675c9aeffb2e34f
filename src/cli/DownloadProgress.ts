/** How far downloads are, on stderr: bars that are drawn again on a terminal, lines elsewhere. */
import { Console, Effect } from "effect"
import * as Style from "../core/Style.ts"
import type { Event } from "../programs/Download.ts"
import * as DownloadText from "../programs/download/DownloadText.ts"
import type { Snapshot } from "../programs/download/Meter.ts"
import { Invocation } from "./Invocation.ts"
import * as LiveView from "./LiveView.ts"
import * as Settings from "./Settings.ts"

/** Answers with what is to hear of events, until the scope closes. With `--quiet` failures are told all the same. */
export const open = Effect.fnUntraced(function*() {
  const { environment, terminal } = yield* Invocation
  const style = Style.make(yield* Settings.colors("stderr"))
  if (yield* Settings.Quiet) {
    return (event: Event) => isFailure(event) ? tell(DownloadText.line(event, style)) : Effect.void
  }
  let latest: Snapshot | undefined
  const frame = (columns: number) =>
    Effect.sync(() => latest === undefined ? [] : DownloadText.frame(latest, columns - 1, style))
  const isLive = terminal.stderr && (environment["CI"] ?? "") === "" && environment["TERM"] !== "dumb"
  const view = isLive ? yield* LiveView.open(frame) : undefined
  return (event: Event): Effect.Effect<void> => {
    if (event._tag === "Progress") latest = event.snapshot
    const line = DownloadText.line(event, style)
    return view === undefined || line === undefined ? tell(line) : view.print(line)
  }
})

const isFailure = (event: Event): boolean => event._tag === "Finished" && event.result._tag === "Failed"

const tell = (line: string | undefined): Effect.Effect<void> => line === undefined ? Effect.void : Console.error(line)
