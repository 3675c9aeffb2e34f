/** The flags that every command has. They may stand before or after the command's name. */
import { Effect } from "effect"
import { Flag, GlobalFlag } from "effect/cli"
import * as Flags from "./Flags.ts"
import { Invocation } from "./Invocation.ts"

export const Format = GlobalFlag.Setting("format")({
  flag: Flag.Literals("format", ["text", "json"]).pipe(
    Flag.withDescription("How the result is written to stdout [default: text]"),
    Flag.withDefault("text" as const)
  )
})

export const Quiet = GlobalFlag.Setting("quiet")({
  flag: Flags.onOff("quiet", "Print the result only, no progress").pipe(Flag.withAlias("q"))
})

export const Verbose = GlobalFlag.Setting("verbose")({
  flag: Flags.onOff("verbose", "Print every step and every attempt").pipe(Flag.withAlias("v"))
})

export const NoColor = GlobalFlag.Setting("no-color")({
  flag: Flags.onOff("no-color", "Print without colours; NO_COLOR does the same")
})

/** All of them, for the root command. */
export const all = [Format, Quiet, Verbose, NoColor] as const

/** The same as plain flags, for tools that know no settings. */
export const flags = { format: Format.flag, quiet: Quiet.flag, verbose: Verbose.flag, noColor: NoColor.flag }

/** Whether to colour what goes to `output`: a terminal, unless `--no-color` or the environment says otherwise. */
export const colors = Effect.fnUntraced(function*(output: "stdout" | "stderr") {
  const { environment, terminal } = yield* Invocation
  return !(yield* NoColor) && wantsColor(environment, terminal[output])
})

/** The conventions of `NO_COLOR`, `FORCE_COLOR` and `TERM`. */
export const wantsColor = (environment: Readonly<Record<string, string>>, isTerminal: boolean): boolean => {
  if ((environment["NO_COLOR"] ?? "") !== "") return false
  const force = environment["FORCE_COLOR"]
  if (force !== undefined) return force !== "0" && force !== "false"
  return isTerminal && environment["TERM"] !== "dumb"
}
