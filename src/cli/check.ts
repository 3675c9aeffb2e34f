/** `skein check`: finds every mistake in scenario files, and runs nothing. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Flags from "./Flags.ts"

const flags = {
  files: Flags.files,
  ...Flags.reading,
  format: Flag.Literals("format", ["text", "json", "github"]).pipe(
    Flag.withDescription("Code frames, JSON, or annotations for a GitHub pull request [default: text]"),
    Flag.withDefault("text" as const)
  )
}

/** The flags of `check` as they were given. */
export type CheckFlags = Command.Command.Config.Infer<typeof flags>

export const check = Command.make("check", flags, (flags) =>
  Effect.promise(() => import("./checkFiles.ts")).pipe(
    Effect.flatMap(({ execute }) => execute(flags))
  )).pipe(
    Command.withDescription("Find every mistake in scenario files, without running anything"),
    Command.withExamples([
      { command: "skein check examples", description: "All scenario files of a folder, as code frames" },
      { command: "skein check examples --format json", description: "The same for a program" }
    ])
  )
