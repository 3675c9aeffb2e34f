/** `skein batch`: does one thing to each of many items. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Bounds from "../programs/batch/Bounds.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"

const flags = {
  what: Argument.String("what").pipe(
    Argument.withDescription(
      "An action such as http, a scenario file, or an operation such as pantheon:env:clear-cache"
    )
  ),
  items: Argument.String("items").pipe(Argument.withDescription("Items, each a text"), Argument.variadic()),
  from: Flags.text(
    "from",
    "source",
    "More items: a file (csv, json, jsonl, lines), - for stdin, a URL or a list of a profile to page through, a database"
  ),
  fromFormat: Flag.Literals("from-format", ["csv", "json", "jsonl", "lines"]).pipe(
    Flag.withDescription("Format of the source [default: by its name or, of stdin, its beginning]"),
    Flag.optional
  ),
  query: Flags.text("query", "sql", "Rows of this query are the items; --from names the database"),
  where: Flags.text("where", "expression", "Take the items of which this is true, such as \"!frozen && 'x' in tags\""),
  each: Flags.text("each", "template", "Take this of each item, such as '${name}.live'"),
  with: Flags.pairs("with", "An input of the action or operation; a template over item and index; may be repeated"),
  save: Flags.pairs("save", "A field of the result, as an expression over the action's answer; may be repeated"),
  dryRun: Flags.onOff("dry-run", "Print what would be done to which items, and do nothing"),
  yes: Flags.onOff("yes", "Do it without asking"),
  destructive: Flags.onOff("destructive", "Ask before it begins; DELETE and marked operations do so anyway"),
  concurrency: Flags.count("concurrency", 1, "Items at once [default: 10]").pipe(Flag.withAlias("c")),
  rate: Flags.count("rate", 1, "Requests a second to one host [default: limits.requests_per_second, or 10]"),
  failFast: Flags.onOff("fail-fast", "Begin no more items after the first that was not done"),
  keepGoing: Flags.onOff("keep-going", "Go on whatever happens; this is the default"),
  stopAfter: parsed("stop-after", "n|n%", "Begin no more items once so many were not done", Bounds.stopAfter),
  waves: parsed("waves", "5,50,rest", "Do so many first, and go on only when they went well", Bounds.waves),
  retries: Flags.count("retries", 0, "Try an item again that was not done, so often [default: 0]"),
  idempotent: Flags.onOff("idempotent", "Doing it twice is as good as once: do it again after a lost answer"),
  idempotencyKey: Flags.onOff("idempotency-key", "Send the key of the item's content as Idempotency-Key"),
  itemTimeout: Flags.duration("item-timeout", "Time for one try of an item [default: none]"),
  timeout: Flags.duration("timeout", "Time for the whole batch; exit code 4 when it is over [default: none]"),
  grace: Flags.duration("grace", "Time for items under way after a stop [default: 30s]"),
  order: Flag.Literals("order", ["completion", "input"]).pipe(
    Flag.withDescription("Order of the results [default: completion]"),
    Flag.withDefault("completion" as const)
  ),
  journal: Flags.text("journal", "folder", "Where it is kept what was done [default: .skein/batch/...]"),
  resume: Flags.onOff("resume", "Go on with what an earlier batch began, and repeat no success"),
  retryFailed: Flags.onOff("retry-failed", "Go on, and do again what failed"),
  retryUnknown: Flags.onOff("retry-unknown", "Go on, and do again what may have been done"),
  anew: Flags.onOff("anew", "Forget an earlier batch that did not get to its end"),
  audit: Flags.text("audit", "file", "Add a line of JSON for each item: who, what, when, result"),
  out: Flags.text("out", "file", "Write a row for each item: .csv, .json or .jsonl"),
  rows: Flag.Literals("rows", ["table", "json", "jsonl", "csv"]).pipe(
    Flag.withDescription("Print a row for each item, and the summary on stderr"),
    Flag.optional
  ),
  wait: Flags.onOff("wait", "Wait for the remote workflows that are started"),
  allowEmpty: Flags.onOff("allow-empty", "No items is no mistake"),
  ...Flags.reading
}

/** The flags of `batch` as they were given. */
export type BatchFlags = Command.Command.Config.Infer<typeof flags>

export const batch = Command.make("batch", flags, (flags) =>
  Effect.promise(() => import("./runBatch.ts")).pipe(
    Effect.flatMap(({ execute }) => execute(flags)),
    Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
  )).pipe(
    Command.withDescription("Do one thing to each of many items: bounded, resumable, with a plan first"),
    Command.withExamples([
      {
        command: "skein batch log --with 'message=hello ${item}' one two three",
        description: "An action, once for each argument"
      },
      {
        command:
          "skein batch http --with method=PUT --with 'url=http://127.0.0.1:8080/items/${item.id}' --from items.csv --dry-run",
        description: "What a request for each row of a table would be"
      },
      {
        command: "skein batch examples/a.yaml --from items.csv --waves 1,rest --rows csv",
        description: "A scenario for each row: one first, then the rest"
      }
    ])
  )

/** A flag whose text `parse` reads. */
function parsed<A>(
  name: string,
  metavar: string,
  description: string,
  parse: (text: string) => A | undefined
): Flag.Flag<Option.Option<A>> {
  return Flag.String(name).pipe(
    Flag.filterMap((text) => Option.fromUndefinedOr(parse(text)), () => metavar),
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.optional
  )
}
