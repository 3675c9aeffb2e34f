/** `skein load compare`: whether a target has become slower. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import * as ExitCode from "./ExitCode.ts"
import * as Flags from "./Flags.ts"
import * as LoadFlags from "./LoadFlags.ts"

const flags = {
  before: Argument.String("before").pipe(Argument.withDescription("A JSON result of skein load, or a URL")),
  after: Argument.String("after").pipe(Argument.withDescription("What it is compared with: another result, or a URL")),
  pairs: Flags.count("pairs", 5, "Of URLs: how often each is loaded, in turns [default: 5]"),
  margin: LoadFlags.margin,
  report: Flags.texts("report", "file", "Write a report, by its extension: html, json or md; may be repeated"),
  ...LoadFlags.making
}

/** The flags of `load compare` as they were given. */
export type CompareFlags = Command.Command.Config.Infer<typeof flags>

export const loadCompare = Command.make(
  "compare",
  flags,
  (flags) =>
    Effect.promise(() => import("./compareLoads.ts")).pipe(
      Effect.flatMap(({ execute }) => execute(flags)),
      Effect.flatMap((code) => code === ExitCode.ok ? Effect.void : new ExitCode.Exit({ code }))
    )
).pipe(
  Command.withDescription("Compare two results, or two URLs loaded in turns: faster, slower or the same"),
  Command.withExamples([
    { command: "skein load compare before.json after.json", description: "Two results of skein load --report" },
    {
      command: "skein load compare -c 16 -z 5s http://127.0.0.1:8080/ http://127.0.0.1:8081/ --report compare.html",
      description: "Two servers, five times each in turns, with a page to show around"
    }
  ])
)
