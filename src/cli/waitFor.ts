/** What `skein wait` does once its flags are read. */
import { Clock, Console, Duration, Effect, FileSystem, Option, Path, Result, Stdio, Stream } from "effect"
import * as Style from "../core/Style.ts"
import { Board, json, text } from "../programs/wait/Board.ts"
import * as HandleFile from "../programs/wait/HandleFile.ts"
import * as Handles from "../programs/wait/Handles.ts"
import * as WorkflowWait from "../programs/WorkflowWait.ts"
import * as SafePath from "../scenario/SafePath.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as LiveView from "./LiveView.ts"
import * as Output from "./Output.ts"
import { isLive } from "./Progress.ts"
import * as Reading from "./Reading.ts"
import * as Settings from "./Settings.ts"
import type { WaitFlags } from "./wait.ts"
import * as WaitSource from "./WaitSource.ts"
import * as WatchWorkflows from "./watchWorkflows.ts"

/** Waits, prints, and answers with the exit code. */
export const execute = Effect.fnUntraced(function*(flags: WaitFlags) {
  const until = yield* goalOf(flags)
  const perSecond = Option.getOrUndefined(flags.requestsPerSecond)
  const config = yield* Reading.configuration(
    { ...Reading.noFlags, ...flags },
    perSecond === undefined ? {} : { "limits.requests_per_second": perSecond }
  )
  if (flags.watch) return yield* Effect.scoped(WatchWorkflows.watch(flags, config)).pipe(Reading.withMachine(config))
  const wait = Effect.gen(function*() {
    const file = yield* handleFile(flags)
    const source: WaitSource.WaitSource = yield* WaitSource.make(flags, config, file?.kept?.source)
    const texts = yield* given(flags, source.arguments)
    const now = yield* Clock.currentTimeMillis
    const named = yield* Effect.forEach(texts, (text) => source.parse(text), { concurrency: 10 })
    const handles = united(file?.kept?.handles ?? [], named.map((handle) => ({ ...handle, since: now })))
    if (handles.length === 0) {
      return yield* ExitCode.wrongUsage("there is nothing to wait for", "name handles, or - to read them from stdin")
    }
    if (typeof until === "object" && until.done > handles.length) {
      return yield* ExitCode.wrongUsage(
        `--quorum ${until.done} cannot happen: ${handles.length} ${handles.length === 1 ? "is" : "are"} waited for`
      )
    }
    const ended = file?.kept?.ended ?? []
    const board = new Board(handles, ended)
    const keeper = file === undefined
      ? undefined
      : yield* HandleFile.keep(file.path, source.source, handles, board.ended)
    const { await: stop, requested } = yield* StopSignal
    const result = yield* watched(board, keeper, {
      ...optionsOf(flags),
      until,
      ended,
      stop,
      poll: source.poll,
      intervals: Option.getOrElse(flags.interval, () => source.intervals)
    }, handles)
    yield* print(result, handles, board)
    return (yield* requested) && result.verdict === "stopped" ? ExitCode.ofSignal(yield* stop) : codeOf(result)
  })
  return yield* Effect.scoped(wait).pipe(Reading.withMachine(config))
})

const goalOf = Effect.fnUntraced(function*({ all, any, quorum }: WaitFlags) {
  if ([all, any, Option.isSome(quorum)].filter((given) => given).length > 1) {
    return yield* ExitCode.wrongUsage("of --all, --any and --quorum only one can be what is waited for")
  }
  return any ? "any" as const : Option.isSome(quorum) ? { done: quorum.value } : "all" as const
})

const optionsOf = (flags: WaitFlags) => ({
  failFast: flags.failFast,
  timeout: Option.getOrElse(flags.timeout, () => Duration.hours(1)),
  itemTimeout: Option.getOrUndefined(flags.itemTimeout),
  confirmations: Option.getOrUndefined(flags.confirm),
  maxPolls: Option.getOrUndefined(flags.maxPolls),
  // The client has the limits, and waits for a host that wants silence.
  concurrency: 50,
  pollTimeout: "15 minutes" as const
})

/** The handle file and what an earlier wait has left in it. */
const handleFile = Effect.fnUntraced(function*(flags: WaitFlags) {
  if (Option.isNone(flags.handles)) return undefined
  const files = yield* FileSystem.FileSystem
  const path = (yield* Path.Path).resolve((yield* Invocation).directory, flags.handles.value)
  if (!(yield* files.exists(path))) return { path, kept: undefined }
  const kept = HandleFile.parse(yield* files.readFileString(path))
  if (Result.isFailure(kept)) {
    return yield* ExitCode.wrongUsage(
      `${flags.handles.value}: ${kept.failure}`,
      "name another file, or delete this one"
    )
  }
  return { path, kept: kept.success }
})

/** The handles of arguments, files and stdin. */
const given = Effect.fnUntraced(function*(flags: WaitFlags, words: ReadonlyArray<string>) {
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const { directory } = yield* Invocation
  const { stdin } = yield* Stdio.Stdio
  const fromFiles = yield* Effect.forEach(flags.file, (file) =>
    Effect.mapError(
      files.readFileString(resolve(directory, file)),
      (error) => ExitCode.wrongUsage(`cannot read --file ${file}: ${SafePath.explain(error)}`)
    ))
  const fromWords = yield* Effect.forEach(words, (word) =>
    word === "-"
      ? Effect.map(Stream.mkString(Stream.decodeText(stdin)), Handles.read)
      : Effect.succeed([word]))
  return [...fromWords.flat(), ...fromFiles.flatMap(Handles.read)]
})

/** Handles of both, each once; those of a handle file keep their time. */
const united = (
  kept: ReadonlyArray<Handles.Handle>,
  given: ReadonlyArray<Handles.Handle>
): ReadonlyArray<Handles.Handle> => {
  const byKey = new Map<string, Handles.Handle>()
  for (const handle of [...kept, ...given]) {
    if (!byKey.has(Handles.keyOf(handle))) byKey.set(Handles.keyOf(handle), handle)
  }
  return [...byKey.values()]
}

/** Waits and shows how it goes: a live view on a terminal, plain lines elsewhere, nothing when it is to be quiet. */
const watched = Effect.fnUntraced(function*<E extends { readonly message: string }, R>(
  board: Board,
  keeper: HandleFile.HandleFile | undefined,
  options: WorkflowWait.Options<E, R>,
  handles: ReadonlyArray<Handles.Handle>
) {
  const clock = yield* Clock.Clock
  const quiet = yield* Settings.Quiet
  const style = Style.make(yield* Settings.colors("stderr"))
  const lines = { style, verbose: yield* Settings.Verbose }
  const started = clock.currentTimeMillisUnsafe()
  const frame = (columns: number) =>
    Effect.sync(() => board.frame(columns - 1, clock.currentTimeMillisUnsafe() - started, { style }))
  const follow = Effect.gen(function*() {
    const view = !quiet && (yield* isLive) ? yield* LiveView.open(frame) : undefined
    const say = quiet ? () => Effect.void : view?.print ?? Console.error
    return yield* WorkflowWait.events(handles, options).pipe(
      Stream.runFoldEffect((): WorkflowWait.Result | undefined => undefined, (_, event) =>
        Effect.gen(function*() {
          const line = board.add(event, lines)
          if (event._tag === "Ended" && keeper !== undefined) yield* keeper.changed
          if (line !== undefined) yield* say(line)
          return event._tag === "Finished" ? event.result : undefined
        }))
    )
  })
  return (yield* Effect.scoped(follow))!
})

const print = Effect.fnUntraced(function*(
  result: WorkflowWait.Result,
  handles: ReadonlyArray<Handles.Handle>,
  board: Board
) {
  const style = Style.make(yield* Settings.colors("stdout"))
  const { columns, terminal } = yield* Invocation
  const width = terminal.stdout ? yield* columns : undefined
  yield* Output.result({
    json: () => json(result, handles),
    text: () => text(result, handles, board, { style, width })
  })
})

const codeOf = ({ items, verdict }: WorkflowWait.Result): number => {
  if (verdict === "met") return ExitCode.ok
  if (verdict === "timed out") return ExitCode.timedOut
  if (items.some(({ outcome }) => outcome === "done")) return ExitCode.partial
  const unreached = items.filter(({ outcome }) => outcome === "unreachable")
  return unreached.length > 0 && items.every(({ outcome }) => outcome === "unreachable" || outcome === "not awaited")
    ? ExitCode.unavailable
    : ExitCode.no
}
