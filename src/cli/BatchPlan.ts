/** What `skein batch` would do, and the question whether it may. */
import { Console, Duration, Effect, Option, Stdio, Stream, Terminal } from "effect"
import * as DurationText from "../core/DurationText.ts"
import type { Value } from "../core/Value.ts"
import type * as Batch from "../programs/Batch.ts"
import * as ItemKey from "../programs/batch/ItemKey.ts"
import type { Work } from "../programs/batch/Work.ts"
import type * as PoliteHttp from "../services/PoliteHttp.ts"
import { StopSignal } from "../services/StopSignal.ts"
import type { BatchFlags } from "./batch.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Settings from "./Settings.ts"

/** Prints every item with what would be done to it, then how many there are and how long it would take at least. */
export const print = Effect.fnUntraced(function*<E, R, R2>(
  items: Stream.Stream<Value, E, R2>,
  work: Work<R>,
  flags: BatchFlags,
  pace: Pace
) {
  const isJson = (yield* Settings.Format) === "json"
  const counts = { items: 0, requests: 0, wrong: 0 }
  if (isJson) yield* Console.log("{ \"items\": [")
  yield* items.pipe(
    Stream.mapAccum(() => 0, (index, value) => [index + 1, [{ index, value }]]),
    Stream.mapEffect(
      ({ index, value }) => describe({ index, value, key: ItemKey.text(ItemKey.of(value)), attempt: 1 }, work),
      { concurrency: Option.getOrElse(flags.concurrency, () => 10) }
    ),
    Stream.runForEach((planned) => {
      counts.requests += planned.requests.length
      if (planned.problem !== null) counts.wrong++
      const comma = counts.items++ === 0 ? "" : ","
      return Console.log(
        isJson ? `${comma}${JSON.stringify(planned)}` : `${planned.index + 1}  ${planned.problem ?? planned.what}`
      )
    })
  )
  const seconds = atLeast(counts.requests, pace)
  const summary = { ...counts, destructive: work.destructive, idempotent: work.idempotent, at_least_seconds: seconds }
  yield* Console.log(isJson ? `], "summary": ${JSON.stringify(summary)} }` : sentence(summary, pace))
  if (counts.items === 0 && !flags.allowEmpty) return ExitCode.usage
  return counts.wrong > 0 ? ExitCode.usage : ExitCode.ok
})

/** How fast requests are sent to one host. */
type Pace = Pick<PoliteHttp.Settings, "requestsPerSecond" | "burst">

interface Described {
  readonly index: number
  readonly item: Value
  readonly key: string
  readonly what: string
  readonly requests: ReadonlyArray<string>
  readonly problem: string | null
}

const describe = <R>(item: Batch.Item, work: Work<R>): Effect.Effect<Described, never, R> => {
  const { index, key, value } = item
  return Effect.match(work.plan(item), {
    onFailure: ({ message }) => ({ index, item: value, key, what: "", requests: [], problem: message }),
    onSuccess: ({ requests, what }) => ({ index, item: value, key, what, requests, problem: null })
  })
}

/** What the rate alone makes of it, in seconds; how long an answer takes is not known yet. */
const atLeast = (requests: number, { burst, requestsPerSecond }: Pace): number =>
  Math.max(0, requests - burst) / requestsPerSecond

const sentence = (
  { at_least_seconds, destructive, items, requests, wrong }: {
    readonly items: number
    readonly requests: number
    readonly wrong: number
    readonly destructive: boolean
    readonly at_least_seconds: number
  },
  { requestsPerSecond }: Pace
): string =>
  [
    `${items} item${items === 1 ? "" : "s"}`,
    ...(requests > 0
      ? [`${requests} request${requests === 1 ? "" : "s"}`]
      : []),
    ...(at_least_seconds > 0
      ? [
        `at least ${DurationText.format(Duration.seconds(at_least_seconds))} at ${requestsPerSecond} requests a second`
      ]
      : []),
    ...(wrong > 0 ? [`${wrong} cannot be done`] : []),
    ...(destructive ? ["destructive: it asks for the count, or needs --yes"] : []),
    "nothing was done"
  ].join(", ")

/** Lets destructive work through only when somebody has said how many items it is for, or `--yes`. */
export const confirm = Effect.fnUntraced(function*(
  flags: Pick<BatchFlags, "what" | "yes">,
  { destructive }: Pick<Work<never>, "destructive">,
  total: number | undefined
) {
  if (!destructive || flags.yes) return
  const { stdinIsTerminal } = yield* Stdio.Stdio
  if (total === undefined || !(yield* stdinIsTerminal)) {
    return yield* ExitCode.wrongUsage(
      `${flags.what} takes away what cannot be brought back`,
      "see what it would do with --dry-run; --yes does it without asking"
    )
  }
  const terminal = yield* Terminal.Terminal
  yield* Console.error(
    `${flags.what} takes away what cannot be brought back. To do it to ${total} items, type ${total}:`
  )
  const { await: stopped } = yield* StopSignal
  const answer = yield* Effect.raceFirst(
    Effect.orElseSucceed(terminal.readLine, () => ""),
    Effect.flatMap(stopped, (signal) => new ExitCode.Exit({ code: ExitCode.ofSignal(signal) }))
  )
  if (answer.trim() !== String(total)) {
    return yield* ExitCode.wrongUsage(`nothing was done: the answer was ${JSON.stringify(answer.trim())}, not ${total}`)
  }
})
