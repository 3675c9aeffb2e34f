/** The command line: reads arguments, runs one command, answers with the exit code. */
import { Effect, type Layer } from "effect"
import { CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import type { SessionServices } from "../programs/RunSession.ts"
import type { BuiltinServices } from "../scenario/actions/builtin.ts"
import type * as MetricsServer from "../services/MetricsServer.ts"
import type * as Profiler from "../services/Profiler.ts"
import { check } from "./check.ts"
import { completions } from "./completions.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import { Invocation } from "./Invocation.ts"
import { run } from "./run.ts"
import * as Settings from "./Settings.ts"
import * as Usage from "./Usage.ts"

/** Builds the services of commands that touch files and servers; asked for when such a command runs. */
export type Services<E, R> = Layer.Layer<
  Exclude<
    BuiltinServices | SessionServices | MetricsServer.MetricsServer | Profiler.Profiler,
    Command.Environment
  >,
  E,
  R
>

/** The command tree. */
export const make = <E, R>(services: Services<E, R>) => {
  const root = Command.make("skein").pipe(
    Command.withDescription("Runs scenarios against services, each fiber supervised"),
    Command.withSubcommands([
      run.pipe(Command.provide(services)),
      check.pipe(Command.provide(services)),
      completions((): Command.Command.Any => root)
    ]),
    Command.withGlobalFlags(Settings.all)
  )
  return root
}

/** Runs the command that `args` name and answers with the exit code. Never fails: what goes wrong is told on stderr. */
export const main = Effect.fnUntraced(function*<E, R>(args: ReadonlyArray<string>, services: Services<E, R>) {
  const { environment, terminal, version } = yield* Invocation
  const colors = Settings.wantsColor(environment, terminal.stdout) && !args.includes("--no-color")
  return yield* Effect.suspend(() => Command.runWith(make(services), { version })(args)).pipe(
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
