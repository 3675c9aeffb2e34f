/** `skein profile`: descriptions of remote APIs. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const execute = () => Effect.promise(() => import("./profiles.ts"))

const listFlags = { config: Flags.reading.config, envFile: Flags.reading.envFile }
export type ListFlags = Command.Command.Config.Infer<typeof listFlags>

const list = Command.make(
  "list",
  listFlags,
  (flags) => Effect.flatMap(execute(), ({ list }) => list(flags))
).pipe(
  Command.withDescription("List the profiles that can be used by name"),
  Command.withExamples([
    { command: "skein profile list" },
    { command: "skein profile list --format json", description: "With the files they are in" }
  ])
)

const showFlags = {
  name: Argument.String("profile").pipe(
    Argument.withDescription("A name, a path, or one thing of a profile, such as pantheon:env:deploy")
  ),
  ...listFlags
}
export type ShowFlags = Command.Command.Config.Infer<typeof showFlags>

const show = Command.make(
  "show",
  showFlags,
  (flags) => Effect.flatMap(execute(), ({ show }) => show(flags))
).pipe(
  Command.withDescription("Show what a profile offers, or one thing of it"),
  Command.withExamples([
    { command: "skein profile show pantheon", description: "Its lists, operations, workflows and downloads" },
    {
      command: "skein profile show pantheon:env:deploy --format json",
      description: "One operation with its parameters"
    }
  ])
)

const checkFlags = {
  names: Argument.String("profiles").pipe(
    Argument.withDescription("Names and files [default: all that are found]"),
    Argument.variadic()
  ),
  ...listFlags,
  format: Flag.Literals("format", ["text", "json", "github"]).pipe(
    Flag.withDescription("Code frames, JSON, or annotations for a GitHub pull request [default: text]"),
    Flag.withDefault("text" as const)
  )
}
export type CheckFlags = Command.Command.Config.Infer<typeof checkFlags>

const check = Command.make(
  "check",
  checkFlags,
  (flags) => Effect.flatMap(execute(), ({ check }) => check(flags))
).pipe(
  Command.withDescription("Find every mistake in profiles, without asking anybody"),
  Command.withExamples([
    { command: "skein profile check", description: "All that are found" },
    { command: "skein profile check pantheon --format json", description: "One of them, for a program" }
  ])
)

export const profile = Command.make("profile").pipe(
  Command.withDescription("Descriptions of remote APIs: list, show and check them"),
  Command.withExamples([
    { command: "skein profile list" },
    { command: "skein profile show pantheon" }
  ]),
  Command.withSubcommands([list, show, check])
)
