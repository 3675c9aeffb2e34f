/** The command line: reads arguments, runs one command, answers with the exit code. */
import { Effect } from "effect"
import { CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { actions } from "./actions.ts"
import { batch } from "./batch.ts"
import { check } from "./check.ts"
import { completions } from "./completions.ts"
import { config } from "./config.ts"
import { doctor } from "./doctor.ts"
import { download } from "./download.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import { fake } from "./fake.ts"
import { history } from "./history.ts"
import { init } from "./init.ts"
import { Invocation } from "./Invocation.ts"
import { load } from "./load.ts"
import * as Log from "./Log.ts"
import { paginate } from "./paginate.ts"
import { profile } from "./profile.ts"
import { report } from "./report.ts"
import { run } from "./run.ts"
import { schema } from "./schema.ts"
import * as Settings from "./Settings.ts"
import * as Usage from "./Usage.ts"
import { wait } from "./wait.ts"

/** The command tree. */
export const make = () => {
  const root = Command.make("skein").pipe(
    Command.withDescription("Runs scenarios against services, each fiber supervised"),
    Command.withSubcommands([
      run,
      batch,
      download,
      load,
      check,
      actions,
      schema,
      init,
      config,
      doctor,
      profile,
      report,
      history,
      paginate,
      wait,
      fake,
      completions((): Command.Command.Any => root)
    ]),
    Command.withGlobalFlags(Settings.all)
  )
  return root
}

/**
 * Runs the command that `args` name and answers with the exit code; what goes wrong is told on stderr. Fails with `HandOver`
 * only.
 */
export const main = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const { environment, terminal, version } = yield* Invocation
  const colors = (output: "stdout" | "stderr") =>
    Settings.wantsColor(environment, terminal[output]) && !args.includes("--no-color")
  return yield* Effect.suspend(() => Command.runWith(make(), { version })(args)).pipe(
    Effect.as(ExitCode.ok),
    Effect.provide(Log.layer({ verbose: has(args, "-v", "--verbose"), quiet: has(args, "-q", "--quiet") })),
    Effect.provideService(CliOutput.Presenter, Usage.presenter({ colors: colors("stdout") })),
    Effect.provideService(CliConfig.CliConfig, { builtIns }),
    Effect.catchCause((cause) => Failure.report(cause, { colors: colors("stderr") }))
  )
})

/** Flags that must be known before the command line is read. */
const has = (args: ReadonlyArray<string>, ...flags: ReadonlyArray<string>): boolean =>
  args.some((arg) => flags.includes(arg))

/** `-v` is `--verbose` here, so the version has no short form. */
export const builtIns: ReadonlyArray<GlobalFlag.BuiltIn> = [
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
