/** `skein actions`: lists the kinds of steps, explains one. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import * as Flags from "./Flags.ts"

const flags = {
  name: Argument.String("name").pipe(Argument.withDescription("The action to explain"), Argument.optional),
  config: Flags.reading.config
}

/** The flags of `actions` as they were given. */
export type ActionsFlags = Command.Command.Config.Infer<typeof flags>

export const actions = Command.make(
  "actions",
  flags,
  (flags) => Effect.promise(() => import("./explain.ts")).pipe(Effect.flatMap(({ actions }) => actions(flags)))
).pipe(
  Command.withDescription("List the kinds of steps, own ones included, or explain one with its inputs and examples"),
  Command.withExamples([
    { command: "skein actions", description: "Every action in a line" },
    { command: "skein actions http --format json", description: "All about one, for a program" }
  ])
)
