/** `skein report`: joins the reports of shards, or writes a report in another format. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const to = Flags.texts(
  "report",
  "format=file",
  "Where to: junit, tap, ctrf, json, github, markdown or html; may be repeated"
)

const mergeFlags = {
  files: Argument.String("files").pipe(
    Argument.withDescription("JSON reports of the shards"),
    Argument.variadic({ min: 1 })
  ),
  report: to
}
const convertFlags = {
  file: Argument.String("file").pipe(Argument.withDescription("A JSON report, or a jsonl file of events")),
  report: to.pipe(Flag.filter((targets) => targets.length > 0, () => "given; write --report junit=report.xml"))
}

/** The flags of `report merge` and `report convert` as they were given. */
export type MergeFlags = Command.Command.Config.Infer<typeof mergeFlags>
export type ConvertFlags = Command.Command.Config.Infer<typeof convertFlags>

const merge = Command.make(
  "merge",
  mergeFlags,
  (flags) => Effect.promise(() => import("./reports.ts")).pipe(Effect.flatMap(({ merge }) => merge(flags)))
).pipe(
  Command.withDescription("Join the JSON reports of shards into one; exits like a run of all of them"),
  Command.withExamples([
    { command: "skein report merge shard-1.json shard-2.json --report junit=all.xml", description: "One JUnit file" },
    { command: "skein report merge shard-1.json shard-2.json --format json", description: "One JSON report" }
  ])
)

const convert = Command.make(
  "convert",
  convertFlags,
  (flags) => Effect.promise(() => import("./reports.ts")).pipe(Effect.flatMap(({ convert }) => convert(flags)))
).pipe(
  Command.withDescription("Write a report in other formats"),
  Command.withExamples([
    { command: "skein report convert report.json --report html=report.html", description: "A page for people" },
    { command: "skein report convert events.jsonl --report ctrf=ctrf.json", description: "From the events of a run" }
  ])
)

export const report = Command.make("report").pipe(
  Command.withDescription("Join the reports of shards, or write a report in another format"),
  Command.withExamples([
    { command: "skein report merge shard-1.json shard-2.json --report html=all.html" },
    { command: "skein report convert report.json --report junit=report.xml" }
  ]),
  Command.withSubcommands([merge, convert])
)
