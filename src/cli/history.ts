/** `skein history`: past runs, trends and flaky cases. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as Flags from "./Flags.ts"

const flags = {
  rows: Flags.count("rows", 1, "Runs and cases in each table [default: 20]"),
  config: Flags.reading.config
}

/** The flags of `history` as they were given. */
export type HistoryFlags = Command.Command.Config.Infer<typeof flags>

export const history = Command.make(
  "history",
  flags,
  (flags) => Effect.promise(() => import("./reports.ts")).pipe(Effect.flatMap(({ history }) => history(flags)))
).pipe(
  Command.withDescription("Show past runs, flaky cases and cases that became slower"),
  Command.withExamples([
    { command: "skein history", description: "The last runs as tables" },
    { command: "skein history --rows 5 --format json", description: "For a program" }
  ])
)
