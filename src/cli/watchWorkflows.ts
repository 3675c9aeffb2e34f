/** What `skein wait --watch` does: tells of all workflows of a site and the like, until it is stopped. */
import { Clock, Console, Effect, Option, Ref, Stream } from "effect"
import * as Style from "../core/Style.ts"
import type { Owner } from "../profile/RemoteApi.ts"
import * as Thing from "../profile/Thing.ts"
import type * as Config from "../programs/Config.ts"
import * as WatchLines from "../programs/wait/WatchLines.ts"
import * as WorkflowWatch from "../programs/WorkflowWatch.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import * as RemoteApis from "./RemoteApis.ts"
import * as Settings from "./Settings.ts"
import type { WaitFlags } from "./wait.ts"

/** Watches, prints each change on stdout, and answers with the exit code. */
export const watch = Effect.fnUntraced(function*(flags: WaitFlags, config: Config.Loaded) {
  yield* refuse(flags)
  const [first = "", ...texts] = flags.what
  const thing = Thing.parse(first)
  if (thing === undefined || texts.length === 0) {
    return yield* ExitCode.wrongUsage(
      "--watch takes a workflow of a profile, and whose workflows are watched",
      "such as skein wait pantheon:workflow my-site --watch"
    )
  }
  const api = yield* RemoteApis.open(thing.profile, config)
  const workflow = yield* api.workflow(thing.name)
  const owners = yield* Effect.forEach(new Set(texts), (text) => workflow.owner(text), { concurrency: 10 })
  const byText = new Map(owners.map((owner) => [owner.text, owner]))
  const { await: stop, requested } = yield* StopSignal
  const lost = new Set<string>()
  const failed = yield* Ref.make(false)
  const intervals = Option.getOrElse(flags.interval, () => workflow.intervals)
  const time = Option.match(flags.timeout, { onNone: () => Effect.never, onSome: Effect.sleep })

  yield* WorkflowWatch.events(owners, { intervals }).pipe(
    Stream.tap((event) => {
      if (event._tag === "Lost") lost.add(event.owner)
      const isFailure = event._tag === "Changed" && event.seen.state === "failed"
      return Effect.andThen(say(event, byText.get(event.owner)!), isFailure ? Ref.set(failed, true) : Effect.void)
    }),
    Stream.takeUntilEffect(() => flags.failFast ? Ref.get(failed) : Effect.succeed(false)),
    Stream.interruptWhen(Effect.raceFirst(stop, time)),
    Stream.runDrain
  )
  if (yield* requested) return ExitCode.ofSignal(yield* stop)
  if (lost.size === owners.length) return ExitCode.unavailable
  return flags.failFast && (yield* Ref.get(failed)) ? ExitCode.no : ExitCode.ok
})

const say = Effect.fnUntraced(function*(event: WorkflowWatch.Event, { handle }: Owner) {
  const at = yield* Clock.currentTimeMillis
  if (event._tag !== "Changed") {
    const style = Style.make(yield* Settings.colors("stderr"))
    return yield* Console.error(style.yellow(WatchLines.trouble(event)))
  }
  if ((yield* Settings.Format) === "json") {
    return yield* Console.log(JSON.stringify(WatchLines.json(event, handle(event.id), at)))
  }
  // How far one is, is news only to who wants all of it.
  if (!event.isNew && event.seen.state === "running" && !(yield* Settings.Verbose)) return
  const style = Style.make(yield* Settings.colors("stdout"))
  yield* Console.log(WatchLines.text(event, handle(event.id), at, style))
})

/** Flags that have no meaning for what has no end. */
const refuse = Effect.fnUntraced(function*(flags: WaitFlags) {
  const strange = [
    ["--any", flags.any],
    ["--all", flags.all],
    ["--quorum", Option.isSome(flags.quorum)],
    ["--handles", Option.isSome(flags.handles)],
    ["--file", flags.file.length > 0],
    ["--url", Option.isSome(flags.url)],
    ["--list", Option.isSome(flags.list)],
    ["--confirm", Option.isSome(flags.confirm)],
    ["--item-timeout", Option.isSome(flags.itemTimeout)],
    ["--max-polls", Option.isSome(flags.maxPolls)]
  ] as const
  const [given] = strange.find(([, isGiven]) => isGiven) ?? []
  if (given !== undefined) return yield* ExitCode.wrongUsage(`${given} is for a wait that ends, not for --watch`)
})
