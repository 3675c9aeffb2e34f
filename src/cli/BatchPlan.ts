/** What `skein batch` would do, and the question whether it may. */
import { Console, Effect, Option, Stdio, Stream, Terminal } from "effect"
import type { Value } from "../core/Value.ts"
import type * as Batch from "../programs/Batch.ts"
import * as ItemKey from "../programs/batch/ItemKey.ts"
import type { Work } from "../programs/batch/Work.ts"
import type { BatchFlags } from "./batch.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Settings from "./Settings.ts"

/** Prints every item with what would be done to it, then how many there are and how long it would take at least. */
export const print = Effect.fnUntraced(function*<E, R, R2>(
  items: Stream.Stream<Value, E, R2>,
  work: Work<R>,
  flags: BatchFlags
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
  const seconds = atLeast(counts.requests, flags)
  const summary = { ...counts, destructive: work.destructive, idempotent: work.idempotent, at_least_seconds: seconds }
  yield* Console.log(isJson ? `], "summary": ${JSON.stringify(summary)} }` : sentence(summary))
  if (counts.items === 0 && !flags.allowEmpty) return ExitCode.usage
  return counts.wrong > 0 ? ExitCode.usage : ExitCode.ok
})

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

/** What the rate alone makes of it; how long an answer takes is not known yet. */
const atLeast = (requests: number, { rate }: BatchFlags): number =>
  Math.max(0, requests / Option.getOrElse(rate, () => 10) - 1)

const sentence = (
  { at_least_seconds, destructive, items, requests, wrong }: {
    readonly items: number
    readonly requests: number
    readonly wrong: number
    readonly destructive: boolean
    readonly at_least_seconds: number
  }
): string =>
  [
    `${items} item${items === 1 ? "" : "s"}`,
    ...(requests > 0
      ? [`${requests} request${requests === 1 ? "" : "s"}`, `at least ${at_least_seconds.toFixed(1)}s`]
      : []),
    ...(wrong > 0 ? [`${wrong} cannot be done`] : []),
    ...(destructive ? ["destructive: it asks for the count, or needs --yes"] : []),
    "nothing was done"
  ].join(", ")

/** Lets destructive work through only when somebody has said how many items it is for, or `--yes`. */
export const confirm = Effect.fnUntraced(function*<R>(flags: BatchFlags, work: Work<R>, total: number | undefined) {
  if (!work.destructive || flags.yes) return
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
  const answer = yield* Effect.orElseSucceed(terminal.readLine, () => "")
  if (answer.trim() !== String(total)) return yield* ExitCode.wrongUsage("nothing was done")
})
