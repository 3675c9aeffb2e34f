/** The command line: reads arguments, runs one command, answers with the exit code. */
import { Effect } from "effect"
import { CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { completions } from "./completions.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import { Invocation } from "./Invocation.ts"
import * as Settings from "./Settings.ts"
import * as Usage from "./Usage.ts"

/** The command tree. */
export const make = () => {
  const tree = Command.make("skein").pipe(
    Command.withDescription("Runs scenarios against services, each fiber supervised"),
    Command.withSubcommands([completions(() => completed)])
  )
  // Completion scripts know shared flags only.
  const completed: Command.Command.Any = tree.pipe(Command.withSharedFlags(Settings.flags))
  return tree.pipe(Command.withGlobalFlags(Settings.all))
}

/** Runs the command that `args` name and answers with the exit code. Never fails: what goes wrong is told on stderr. */
export const main = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const { environment, terminal, version } = yield* Invocation
  const colors = Settings.wantsColor(environment, terminal.stdout) && !args.includes("--no-color")
  return yield* Command.runWith(make(), { version })(args).pipe(
    Effect.as(ExitCode.ok),
    Effect.provideService(CliOutput.Presenter, Usage.presenter({ colors })),
    Effect.provideService(CliConfig.CliConfig, { builtIns }),
    Effect.catchCause(Failure.report)
  )
})

/** `-v` is `--verbose` here, so the version has no short form. */
const builtIns: ReadonlyArray<GlobalFlag.BuiltIn> = [
  GlobalFlag.Help,
  GlobalFlag.Action({
    flag: Flag.Boolean("version").pipe(
      Flag.withDescription("Show the version"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    run: GlobalFlag.Version.run
  })
]
